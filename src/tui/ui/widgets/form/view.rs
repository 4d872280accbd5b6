//! How a form is drawn: labels in one column, errors under their field, the help of the focused field at the bottom.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::Form;
use crate::text::clean;
use crate::tui::ui::draw::{after, at, below, cells, columns, row, slot, wrap};
use crate::tui::ui::widgets::field::{Field, Kind, Picker};
use crate::tui::ui::{Look, Slot};

/// Columns before the labels, for the marker of the focus.
const LEAD: u16 = 2;
/// Columns between a label and its value.
const GAP: u16 = 2;
/// Rows at the bottom that the help takes, with the blank one above it.
const HELP: u16 = 3;

/// Rows of fields that are never given up for the help.
const FIELDS: u16 = 3;

/// A field with its place on the form, before scrolling.
struct Placed<'a> {
    field: &'a Field,
    focused: bool,
    y: u16,
    x: u16,
    error: Vec<String>,
}

impl Placed<'_> {
    fn bottom(&self) -> u16 {
        self.y.saturating_add(1).saturating_add(cells(self.error.len()))
    }
}

impl Form {
    /// The rows that the whole form takes at `width` columns, help included.
    #[must_use]
    pub fn height(&self, width: u16) -> u16 {
        self.fields_height(width).saturating_add(if self.fields.iter().any(|field| !field.help.is_empty()) {
            HELP
        } else {
            0
        })
    }

    fn fields_height(&self, width: u16) -> u16 {
        self.placed(width).iter().map(Placed::bottom).max().unwrap_or(0)
    }

    /// Draws the form. It scrolls to the focus where it is higher than `area`. An open list may leave `area`, but not
    /// `bounds`.
    pub fn render(&self, area: Rect, bounds: Rect, buf: &mut Buffer, look: &Look) {
        let (fields, help) = self.split(area);
        let label = self.label_width(area.width);
        let offset = self.offset(fields);
        for placed in self.placed(area.width) {
            render_field(&placed, fields, offset, label, buf, look);
        }
        self.render_help(help, buf, look);
        self.render_more(fields, offset, buf, look);
        if let (Some(list), Some(anchor)) = (self.open_list(), self.anchor(area)) {
            list.render(anchor, bounds, buf, look);
        }
    }

    /// Where the terminal's cursor belongs.
    #[must_use]
    pub fn cursor(&self, area: Rect, bounds: Rect) -> Option<Position> {
        let anchor = self.anchor(area)?;
        match &self.focused()?.kind {
            Kind::Text(line) | Kind::Path(line) | Kind::Number { line, .. } => line.cursor(anchor),
            Kind::Secret(secret) => secret.cursor(anchor),
            Kind::Select(Picker { open: Some(list), .. }) => list.cursor(anchor, bounds),
            Kind::Select(_) => at(anchor, 0),
            Kind::Toggle(_) => at(anchor, 1),
            Kind::Button => at(anchor, 2),
        }
    }

    /// The area of the focused value, where it is on the screen.
    fn anchor(&self, area: Rect) -> Option<Rect> {
        let (fields, _) = self.split(area);
        let placed = self.placed(area.width).into_iter().find(|placed| placed.focused)?;
        let line = row(fields, placed.y.checked_sub(self.offset(fields))?);
        let value = match placed.field.kind {
            Kind::Button => after(line, placed.x),
            _ => after(line, self.label_width(area.width)),
        };
        (!value.is_empty()).then(|| Rect { width: value.width.saturating_sub(1), ..value })
    }

    fn split(&self, area: Rect) -> (Rect, Rect) {
        let helped = self.fields.iter().any(|field| !field.help.is_empty() || field.refusal.is_some());
        let least = HELP + self.fields_height(area.width).min(FIELDS);
        let help = if helped && area.height >= least { HELP } else { 0 };
        let fields = Rect { height: area.height - help, ..area };
        (fields, below(area, fields.height))
    }

    fn label_width(&self, width: u16) -> u16 {
        let labelled = self.fields.iter().filter(|field| field.visible && !matches!(field.kind, Kind::Button));
        let widest = labelled.map(|field| columns(&clean(&field.label))).max().unwrap_or(0);
        widest.saturating_add(LEAD + GAP).min(width / 2)
    }

    fn placed(&self, width: u16) -> Vec<Placed<'_>> {
        let label = self.label_width(width);
        let mut placed: Vec<Placed<'_>> = Vec::new();
        for (place, field) in self.fields.iter().enumerate().filter(|(_, field)| field.visible) {
            let words = field.error.as_deref().unwrap_or_default();
            let error = wrap(words, width.saturating_sub(label + 1));
            let (y, x) = match (placed.last(), &field.kind) {
                (Some(before), Kind::Button) if matches!(before.field.kind, Kind::Button) => {
                    (before.y, before.x.saturating_add(columns(&clean(&before.field.label))).saturating_add(6))
                }
                (Some(before), Kind::Button) => (before.bottom().saturating_add(1), LEAD),
                (Some(before), _) => (before.bottom(), LEAD),
                (None, _) => (0, LEAD),
            };
            placed.push(Placed { field, focused: place == self.focus, y, x, error });
        }
        placed
    }

    /// Rows that are scrolled away so that the focused field is seen with its error.
    fn offset(&self, fields: Rect) -> u16 {
        let placed = self.placed(fields.width);
        let Some(focused) = placed.iter().find(|placed| placed.focused) else { return 0 };
        focused.bottom().saturating_sub(fields.height).min(focused.y)
    }

    fn render_help(&self, area: Rect, buf: &mut Buffer, look: &Look) {
        let Some(field) = self.focused() else { return };
        let (words, style) = match &field.refusal {
            Some(reason) => (reason, Slot::Warn),
            None => (&field.help, Slot::Muted),
        };
        for (place, line) in wrap(words, area.width.saturating_sub(LEAD)).iter().enumerate() {
            slot(buf, after(row(area, cells(place).saturating_add(1)), LEAD), line, style, look);
        }
    }

    fn render_more(&self, fields: Rect, offset: u16, buf: &mut Buffer, look: &Look) {
        let edge = after(fields, fields.width.saturating_sub(1));
        if offset > 0 {
            slot(buf, row(edge, 0), look.glyphs.up, Slot::Muted, look);
        }
        if self.fields_height(fields.width).saturating_sub(offset) > fields.height {
            slot(buf, row(edge, fields.height.saturating_sub(1)), look.glyphs.down, Slot::Muted, look);
        }
    }
}

fn render_field(placed: &Placed<'_>, area: Rect, offset: u16, label: u16, buf: &mut Buffer, look: &Look) {
    let Placed { field, focused, .. } = placed;
    if let Some(y) = placed.y.checked_sub(offset) {
        let line = row(area, y);
        if matches!(field.kind, Kind::Button) {
            render_button(placed, after(line, placed.x), buf, look);
        } else {
            let name = Rect { width: label.saturating_sub(GAP).min(line.width), ..line };
            if *focused {
                slot(buf, name, look.glyphs.marker, Slot::Accent, look);
            }
            slot(buf, after(name, LEAD), &field.label, if *focused { Slot::Title } else { Slot::Label }, look);
            let value = after(line, label);
            render_value(field, *focused, Rect { width: value.width.saturating_sub(1), ..value }, buf, look);
        }
    }
    for (place, words) in placed.error.iter().enumerate() {
        if let Some(y) = placed.y.saturating_add(cells(place + 1)).checked_sub(offset) {
            slot(buf, after(row(area, y), label), words, Slot::Bad, look);
        }
    }
}

fn render_button(placed: &Placed<'_>, area: Rect, buf: &mut Buffer, look: &Look) {
    let style = match (&placed.field.refusal, placed.focused) {
        (_, true) => Slot::Focus,
        (Some(_), false) => Slot::Muted,
        (None, false) => Slot::Text,
    };
    slot(buf, area, &format!("[ {} ]", placed.field.label), style, look);
}

fn render_value(field: &Field, focused: bool, area: Rect, buf: &mut Buffer, look: &Look) {
    let style = if field.refusal.is_some() { Slot::Muted } else { Slot::Text };
    if focused && !matches!(field.kind, Kind::Toggle(_)) {
        buf.set_style(area.intersection(buf.area), look.theme.style(Slot::Field));
    }
    if field.is_empty() && !(focused && field.placeholder.is_empty()) {
        let words = match (field.placeholder.as_str(), field.required) {
            ("", true) => "required",
            ("", false) => look.glyphs.none,
            (words, _) => words,
        };
        slot(buf, area, words, Slot::Muted, look);
        return;
    }
    match &field.kind {
        Kind::Text(line) | Kind::Path(line) | Kind::Number { line, .. } => line.render(area, buf, style, look),
        Kind::Secret(secret) => secret.render(area, buf, style, look),
        Kind::Toggle(on) => {
            let words = if *on { format!("[{}] yes", look.glyphs.check) } else { "[ ] no".to_owned() };
            slot(buf, area, &words, style, look);
        }
        Kind::Select(picker) => render_choice(picker, style, area, buf, look),
        Kind::Button => {}
    }
}

fn render_choice(picker: &Picker, style: Slot, area: Rect, buf: &mut Buffer, look: &Look) {
    let words = picker.choice().map_or(String::new(), |choice| choice.columns.join(&format!(" {} ", look.glyphs.dot)));
    slot(buf, Rect { width: area.width.saturating_sub(2), ..area }, &words, style, look);
    slot(buf, after(area, area.width.saturating_sub(1)), look.glyphs.down, Slot::Muted, look);
}
