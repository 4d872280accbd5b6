//! A form: fields, which one has the focus, and when it may be submitted.

mod values;
mod view;

use crossterm::event::KeyCode;

use super::field::{Field, Kind};
use super::line::Edit;
use super::select::{Select, SelectEvent};
use crate::tui::runtime::key::Key;

/// What a key did to a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormEvent {
    /// The key means nothing here; Esc always is.
    Ignored,
    /// The focus, a cursor or an open list moved.
    Moved,
    /// The value of a field changed.
    Changed(&'static str),
    /// Enter on a form whose every field is good.
    Submitted,
    /// Enter on a form with bad fields; the focus is on the first of them.
    Refused,
    /// A button was pressed. Whether the fields must be good first is the screen's decision, see [`Form::submit`].
    Pressed(&'static str),
}

/// Fields and the focus.
#[derive(Debug, Default)]
pub struct Form {
    fields: Vec<Field>,
    focus: usize,
}

impl Form {
    /// A form of these fields; the first visible one has the focus.
    #[must_use]
    pub fn new(fields: impl IntoIterator<Item = Field>) -> Self {
        let mut form = Self { fields: fields.into_iter().collect(), focus: 0 };
        form.settle();
        form
    }

    /// The field that has the focus.
    #[must_use]
    pub fn focused(&self) -> Option<&Field> {
        self.fields.get(self.focus)
    }

    /// Gives a visible field the focus.
    pub fn focus(&mut self, id: &str) {
        if let Some(place) = self.fields.iter().position(|field| field.id == id && field.visible) {
            self.move_to(place);
        }
    }

    /// Whether anything was changed by hand.
    #[must_use]
    pub fn is_touched(&self) -> bool {
        self.fields.iter().any(|field| field.touched)
    }

    /// Whether a list is open over the form, which then takes Esc.
    #[must_use]
    pub fn is_list_open(&self) -> bool {
        self.open_list().is_some()
    }

    /// How many visible fields have an error.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.fields.iter().filter(|field| field.visible && field.error.is_some()).count()
    }

    /// Tab and the vertical arrows move, enter submits, opens a list or presses, space opens, presses or flips.
    pub fn on_key(&mut self, key: Key) -> FormEvent {
        if self.is_list_open() {
            return self.on_list_key(key);
        }
        match key.code {
            KeyCode::Tab | KeyCode::Down => self.step(1),
            KeyCode::BackTab | KeyCode::Up => self.step(-1),
            KeyCode::Enter => self.enter(),
            KeyCode::Esc => FormEvent::Ignored,
            _ => self.edit(key),
        }
    }

    /// Inserts a pasted text into the field or the open list.
    pub fn paste(&mut self, text: &str) -> FormEvent {
        let Some(field) = self.fields.get_mut(self.focus) else { return FormEvent::Ignored };
        if let Kind::Select(picker) = &mut field.kind
            && let Some(list) = &mut picker.open
        {
            list.paste(text);
            return FormEvent::Moved;
        }
        let edit = field.paste(text);
        self.event(edit)
    }

    /// Checks every visible field; where one is bad, the focus moves to the first such and the answer is false.
    pub fn submit(&mut self) -> bool {
        let verdicts: Vec<bool> = self.fields.iter_mut().map(Field::validate).collect();
        let bad = verdicts.iter().position(|good| !good);
        if let Some(place) = bad {
            self.focus = place;
        }
        bad.is_none()
    }

    /// Puts an error under a field, for instance one that a server found; says whether there is such a field.
    pub fn set_error(&mut self, id: &str, error: impl Into<String>) -> bool {
        match self.field_mut(id) {
            Some(field) => {
                field.error = Some(error.into());
                true
            }
            None => false,
        }
    }

    /// Takes a field into the form or out of it.
    pub fn show(&mut self, id: &str, visible: bool) {
        if let Some(field) = self.field_mut(id) {
            field.visible = visible;
        }
        self.settle();
    }

    /// Says why a field or button cannot be used now; none makes it usable.
    pub fn refuse(&mut self, id: &str, reason: Option<String>) {
        if let Some(field) = self.field_mut(id) {
            field.refusal = reason;
        }
    }

    fn field(&self, id: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.id == id)
    }

    fn field_mut(&mut self, id: &str) -> Option<&mut Field> {
        self.fields.iter_mut().find(|field| field.id == id)
    }

    fn open_list(&self) -> Option<&Select> {
        match &self.focused()?.kind {
            Kind::Select(picker) => picker.open.as_ref(),
            _ => None,
        }
    }

    fn on_list_key(&mut self, key: Key) -> FormEvent {
        let Some(field) = self.fields.get_mut(self.focus) else { return FormEvent::Ignored };
        let Kind::Select(picker) = &mut field.kind else { return FormEvent::Ignored };
        let Some(list) = &mut picker.open else { return FormEvent::Ignored };
        match (list.on_key(key), key.code) {
            (SelectEvent::Chosen(id), _) => {
                let same = picker.chosen.as_ref() == Some(&id);
                field.choose(id);
                if same { FormEvent::Moved } else { FormEvent::Changed(field.id) }
            }
            (SelectEvent::Closed, _) => {
                picker.open = None;
                FormEvent::Moved
            }
            (SelectEvent::Ignored, KeyCode::Tab | KeyCode::BackTab) => {
                picker.open = None;
                self.on_key(key)
            }
            (SelectEvent::Ignored, _) => FormEvent::Ignored,
            (SelectEvent::Changed, _) => FormEvent::Moved,
        }
    }

    fn edit(&mut self, key: Key) -> FormEvent {
        let Some(field) = self.fields.get_mut(self.focus) else { return FormEvent::Ignored };
        let id = field.id;
        match (&mut field.kind, key.code) {
            (Kind::Button, KeyCode::Char(' ')) => self.press(id),
            (Kind::Button, KeyCode::Left) => self.step(-1),
            (Kind::Button, KeyCode::Right) => self.step(1),
            (Kind::Select(_), KeyCode::Char(' ')) => self.open(),
            (Kind::Select(_), _) if key.typed().is_some() => {
                self.open();
                self.on_list_key(key)
            }
            _ => {
                let edit = field.on_key(key);
                self.event(edit)
            }
        }
    }

    fn event(&self, edit: Edit) -> FormEvent {
        match (edit, self.focused()) {
            (Edit::Changed, Some(field)) => FormEvent::Changed(field.id),
            (Edit::Ignored, _) | (_, None) => FormEvent::Ignored,
            (Edit::Moved, _) => FormEvent::Moved,
        }
    }

    fn enter(&mut self) -> FormEvent {
        match self.focused() {
            Some(Field { id, kind: Kind::Button, .. }) => self.press(id),
            Some(Field { kind: Kind::Select(_), .. }) => self.open(),
            _ => match self.submit() {
                true => FormEvent::Submitted,
                false => FormEvent::Refused,
            },
        }
    }

    fn press(&self, id: &'static str) -> FormEvent {
        match self.focused() {
            Some(field) if field.refusal.is_none() => FormEvent::Pressed(id),
            _ => FormEvent::Moved,
        }
    }

    fn open(&mut self) -> FormEvent {
        if let Some(Field { kind: Kind::Select(picker), refusal: None, .. }) = self.fields.get_mut(self.focus) {
            picker.open = Some(Select::new(picker.options.clone(), picker.chosen.as_deref()));
        }
        FormEvent::Moved
    }

    fn step(&mut self, by: isize) -> FormEvent {
        let visible: Vec<usize> =
            self.fields.iter().enumerate().filter(|(_, field)| field.visible).map(|(place, _)| place).collect();
        let Some(now) = visible.iter().position(|place| *place == self.focus) else { return FormEvent::Ignored };
        let count = visible.len().cast_signed();
        let next = (now.cast_signed() + by).rem_euclid(count).cast_unsigned();
        if let Some(place) = visible.get(next) {
            self.move_to(*place);
        }
        FormEvent::Moved
    }

    /// Leaving a field that was changed checks it; one that nobody touched is left in peace until the submit.
    fn move_to(&mut self, place: usize) {
        if place != self.focus
            && let Some(left) = self.fields.get_mut(self.focus)
            && left.touched
            && left.error.is_none()
        {
            left.validate();
        }
        self.focus = place;
    }

    /// The focus must be on a visible field.
    fn settle(&mut self) {
        if self.focused().is_some_and(|field| field.visible) {
            return;
        }
        let after = self.fields.iter().enumerate().skip(self.focus).find(|(_, field)| field.visible);
        let first = || self.fields.iter().enumerate().find(|(_, field)| field.visible);
        self.focus = after.or_else(first).map_or(0, |(place, _)| place);
    }
}

#[cfg(test)]
mod tests;
