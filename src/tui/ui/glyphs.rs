//! The signs on the screen, in one place, with a plain set for terminals and readers that cannot show the others.

use std::borrow::Cow;

use ratatui::symbols::border;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// A set of signs. Each is one column wide, so that the two sets lay out alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// Healthy, completed.
    pub good: &'static str,
    /// Unhealthy, failed.
    pub bad: &'static str,
    /// Needs a look.
    pub warn: &'static str,
    /// Was good, and is gone as it should be.
    pub spent: &'static str,
    /// Not known, not there.
    pub unknown: &'static str,
    /// Before the selected row.
    pub marker: &'static str,
    /// Opens downwards; also descending order and more below.
    pub down: &'static str,
    /// Ascending order and more above.
    pub up: &'static str,
    /// A horizontal rule.
    pub rule: &'static str,
    /// The part of a rule under what is active.
    pub rule_active: &'static str,
    /// The done part of a bar.
    pub bar: &'static str,
    /// The open part of a bar.
    pub track: &'static str,
    /// What was cut away.
    pub ellipsis: &'static str,
    /// Passed, chosen.
    pub check: &'static str,
    /// Between the steps of a path.
    pub separator: &'static str,
    /// Between short facts on one line.
    pub dot: &'static str,
    /// Stands for one character of a secret.
    pub mask: &'static str,
    /// A value that is not there.
    pub none: &'static str,
    /// Levels of a sparkline, from nothing to full.
    pub levels: [&'static str; 9],
    /// Frames of the spinner.
    pub spinner: [&'static str; 4],
    /// The frame of a drop-down list.
    pub frame: border::Set<'static>,
    /// Whether the terminal shows nothing but ASCII, texts from outside included.
    pub plain: bool,
}

impl Glyphs {
    /// Signs of a UTF-8 terminal; no emoji, no private-use fonts.
    #[must_use]
    pub const fn unicode() -> Self {
        Self {
            good: "●",
            bad: "✕",
            warn: "▲",
            spent: "○",
            unknown: "·",
            marker: "▸",
            down: "▾",
            up: "▴",
            rule: "─",
            rule_active: "━",
            bar: "█",
            track: "░",
            ellipsis: "…",
            check: "✓",
            separator: "›",
            dot: "·",
            mask: "•",
            none: "–",
            levels: [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
            spinner: ["◐", "◓", "◑", "◒"],
            frame: border::PLAIN,
            plain: false,
        }
    }

    /// Signs of any terminal.
    #[must_use]
    pub const fn ascii() -> Self {
        Self {
            good: "o",
            bad: "x",
            warn: "!",
            spent: ",",
            unknown: "?",
            marker: ">",
            down: "v",
            up: "^",
            rule: "-",
            rule_active: "=",
            bar: "#",
            track: ".",
            ellipsis: "~",
            check: "+",
            separator: ">",
            dot: "-",
            mask: "*",
            none: "-",
            levels: [" ", ".", ":", "-", "=", "+", "*", "#", "@"],
            spinner: ["|", "/", "-", "\\"],
            frame: border::Set {
                top_left: "+",
                top_right: "+",
                bottom_left: "+",
                bottom_right: "+",
                vertical_left: "|",
                vertical_right: "|",
                horizontal_top: "-",
                horizontal_bottom: "-",
            },
            plain: true,
        }
    }

    /// The set for a locale: unicode where it names UTF-8. The arguments are the values of `LC_ALL`, `LC_CTYPE` and
    /// `LANG`; the first one that is set and not empty decides, as in the C library.
    #[must_use]
    pub fn detect(lc_all: Option<&str>, lc_ctype: Option<&str>, lang: Option<&str>) -> Self {
        let locale = [lc_all, lc_ctype, lang].into_iter().flatten().find(|value| !value.is_empty());
        let utf8 = locale.is_some_and(|value| {
            let value = value.to_ascii_lowercase();
            value.contains("utf-8") || value.contains("utf8")
        });
        if utf8 { Self::unicode() } else { Self::ascii() }
    }

    /// A text as the terminal can show it, column for column. Where that is ASCII only, our own punctuation has a
    /// likeness and everything else becomes a question mark.
    #[must_use]
    pub fn shown<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if !self.plain || text.is_ascii() {
            return Cow::Borrowed(text);
        }
        let likeness = |cluster: &str| match cluster {
            _ if cluster.is_ascii() => cluster.to_owned(),
            "…" => self.ellipsis.to_owned(),
            "·" => self.dot.to_owned(),
            "–" | "—" => self.none.to_owned(),
            "›" => self.separator.to_owned(),
            _ => "?".repeat(cluster.width()),
        };
        Cow::Owned(text.graphemes(true).map(likeness).collect())
    }

    /// The level of a sparkline for `value` where `top` is full; anything above zero shows.
    #[must_use]
    pub fn level(&self, value: u64, top: u64) -> &'static str {
        let steps = (self.levels.len() - 1) as u64;
        let level = match (value, top) {
            (0, _) => 0,
            (_, 0) => steps,
            _ => (u128::from(value) * u128::from(steps) / u128::from(top)).clamp(1, u128::from(steps)) as u64,
        };
        self.levels.get(usize::try_from(level).unwrap_or_default()).copied().unwrap_or(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(glyphs: &Glyphs) -> Vec<&'static str> {
        let g = glyphs;
        let f = g.frame;
        let mut all = vec![
            g.good,
            g.bad,
            g.warn,
            g.spent,
            g.unknown,
            g.marker,
            g.down,
            g.up,
            g.rule,
            g.rule_active,
            g.bar,
            g.track,
            g.ellipsis,
            g.check,
            g.separator,
            g.dot,
            g.mask,
            g.none,
            f.top_left,
            f.top_right,
            f.bottom_left,
            f.bottom_right,
            f.vertical_left,
            f.vertical_right,
            f.horizontal_top,
            f.horizontal_bottom,
        ];
        all.extend(g.levels.iter().chain(&g.spinner));
        all
    }

    #[test]
    fn every_sign_is_one_column_wide_and_the_plain_set_is_plain() {
        for sign in all(&Glyphs::unicode()).into_iter().chain(all(&Glyphs::ascii())) {
            assert_eq!(sign.width(), 1, "{sign}");
        }
        assert!(all(&Glyphs::ascii()).iter().all(|sign| sign.is_ascii()));
    }

    #[test]
    fn an_ascii_terminal_gets_ascii_of_the_same_width() {
        let shown = |text| Glyphs::ascii().shown(text).into_owned();
        assert_eq!(shown("Migrate… · é 東京"), "Migrate~ - ? ????");
        assert_eq!(Glyphs::unicode().shown("é…"), "é…");
    }

    #[test]
    fn the_locale_decides_as_in_the_c_library() {
        let unicode = |all, ctype, lang| Glyphs::detect(all, ctype, lang) == Glyphs::unicode();
        assert!(unicode(None, None, Some("de_DE.UTF-8")));
        assert!(unicode(Some(""), Some("C.utf8"), Some("C")));
        assert!(!unicode(Some("C"), None, Some("en_US.UTF-8")));
        assert!(!unicode(None, None, None));
    }

    #[test]
    fn a_sparkline_shows_anything_above_zero() {
        let glyphs = Glyphs::unicode();
        assert_eq!(glyphs.level(0, 100), " ");
        assert_eq!(glyphs.level(1, 1000), "▁");
        assert_eq!(glyphs.level(1000, 1000), "█");
        assert_eq!(glyphs.level(u64::MAX, 3), "█");
    }
}
