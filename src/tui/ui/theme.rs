//! Styles by meaning. The terminal keeps its own background, colours are the sixteen named ones, and no colour is
//! ever the only carrier of a state: a word and a glyph stand beside it.

use ratatui::style::{Color, Modifier, Style};

/// What a piece of text means; the theme decides how that looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Ordinary text.
    #[default]
    Text,
    /// Less important text: help, units, what is not set.
    Muted,
    /// Draws the eye: keys in hints, the current tab.
    Accent,
    /// Healthy, done, passed.
    Good,
    /// Unhealthy, failed, dangerous.
    Bad,
    /// Needs a look.
    Warn,
    /// The row under the cursor, beside its marker.
    Selected,
    /// Titles of screens and dialogs.
    Title,
    /// Column headers and labels.
    Label,
    /// The button or field that has the focus.
    Focus,
    /// The line of a form that is being edited.
    Field,
    /// Rules and frames.
    Rule,
    /// A badge such as SANDBOX.
    Badge,
    /// A badge that warns, such as INSECURE.
    Alarm,
}

/// A style for every [`Slot`]. The fields are open so that a configuration can patch single ones.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the style of the slot of the same name")]
pub struct Theme {
    pub text: Style,
    pub muted: Style,
    pub accent: Style,
    pub good: Style,
    pub bad: Style,
    pub warn: Style,
    pub selected: Style,
    pub title: Style,
    pub label: Style,
    pub focus: Style,
    pub field: Style,
    pub rule: Style,
    pub badge: Style,
    pub alarm: Style,
}

const PLAIN: Style = Style::new();
const BOLD: Style = PLAIN.add_modifier(Modifier::BOLD);
const DIM: Style = PLAIN.add_modifier(Modifier::DIM);
const REVERSED: Style = PLAIN.add_modifier(Modifier::REVERSED);
const UNDERLINED: Style = PLAIN.add_modifier(Modifier::UNDERLINED);

impl Theme {
    /// The named colours that can be read on a dark and on a light background: no yellow, no white, no bright ones,
    /// and `dim` instead of grey.
    #[must_use]
    pub const fn ansi() -> Self {
        Self {
            text: PLAIN,
            muted: DIM,
            accent: PLAIN.fg(Color::Cyan),
            good: PLAIN.fg(Color::Green),
            bad: PLAIN.fg(Color::Red),
            warn: PLAIN.fg(Color::Magenta),
            selected: BOLD,
            title: BOLD,
            label: DIM,
            focus: REVERSED,
            field: UNDERLINED,
            rule: DIM,
            badge: BOLD.fg(Color::Cyan),
            alarm: REVERSED.fg(Color::Red),
        }
    }

    /// Without any colour, for `NO_COLOR`: weight, underline and reverse only.
    #[must_use]
    pub const fn mono() -> Self {
        Self {
            text: PLAIN,
            muted: DIM,
            accent: UNDERLINED,
            good: PLAIN,
            bad: BOLD,
            warn: BOLD,
            selected: BOLD,
            title: BOLD,
            label: DIM,
            focus: REVERSED,
            field: UNDERLINED,
            rule: DIM,
            badge: BOLD,
            alarm: REVERSED,
        }
    }

    /// The style of a slot.
    #[must_use]
    pub const fn style(&self, slot: Slot) -> Style {
        match slot {
            Slot::Text => self.text,
            Slot::Muted => self.muted,
            Slot::Accent => self.accent,
            Slot::Good => self.good,
            Slot::Bad => self.bad,
            Slot::Warn => self.warn,
            Slot::Selected => self.selected,
            Slot::Title => self.title,
            Slot::Label => self.label,
            Slot::Focus => self.focus,
            Slot::Field => self.field,
            Slot::Rule => self.rule,
            Slot::Badge => self.badge,
            Slot::Alarm => self.alarm,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOTS: [Slot; 14] = [
        Slot::Text,
        Slot::Muted,
        Slot::Accent,
        Slot::Good,
        Slot::Bad,
        Slot::Warn,
        Slot::Selected,
        Slot::Title,
        Slot::Label,
        Slot::Focus,
        Slot::Field,
        Slot::Rule,
        Slot::Badge,
        Slot::Alarm,
    ];

    #[test]
    fn mono_has_no_colour_at_all() {
        for slot in SLOTS {
            let style = Theme::mono().style(slot);
            assert_eq!((style.fg, style.bg), (None, None), "{slot:?}");
        }
    }

    #[test]
    fn no_theme_paints_a_background_or_uses_a_colour_that_vanishes_on_light_or_dark() {
        for theme in [Theme::ansi(), Theme::mono()] {
            for slot in SLOTS {
                let style = theme.style(slot);
                assert_eq!(style.bg, None, "{slot:?}");
                assert!(
                    matches!(style.fg, None | Some(Color::Cyan | Color::Green | Color::Red | Color::Magenta)),
                    "{slot:?}: {:?}",
                    style.fg
                );
            }
        }
    }
}
