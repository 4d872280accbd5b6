//! One line of a form: its label, its value, how the value is edited and when it is good.

pub mod secret;

pub use secret::SecretEdit;

use crossterm::event::KeyCode;

use super::line::{Edit, LineEdit};
use super::select::{Choice, Select};
use crate::tui::runtime::key::Key;

/// Says in words what is wrong with a value that is there; an empty one is the business of `required`.
pub type Check = fn(&str) -> Result<(), String>;

/// A list to choose from and what has been chosen.
#[derive(Debug, Default)]
pub struct Picker {
    /// What can be chosen, and what cannot with the reason.
    pub options: Vec<Choice>,
    /// The id of what has been chosen.
    pub chosen: Option<String>,
    /// The list while it is open.
    pub open: Option<Select>,
}

impl Picker {
    /// The option that has been chosen, where it is among the options and may be chosen.
    #[must_use]
    pub fn choice(&self) -> Option<&Choice> {
        let id = self.chosen.as_deref()?;
        self.options.iter().find(|choice| choice.id == id && choice.refusal.is_none())
    }
}

/// What a field holds and how it is edited.
#[derive(Debug)]
pub enum Kind {
    /// A line of text.
    Text(LineEdit),
    /// The name of a file; `~` is left to whoever reads it.
    Path(LineEdit),
    /// A whole number within bounds, both included.
    Number {
        /// The digits as they are typed.
        line: LineEdit,
        /// The smallest good value.
        min: i64,
        /// The largest good value.
        max: i64,
    },
    /// A secret, never shown.
    Secret(SecretEdit),
    /// One of several.
    Select(Picker),
    /// Yes or no.
    Toggle(bool),
    /// Something to press. Neighbouring buttons share a line.
    Button,
}

/// A field. Screens declare them; the form edits, checks and draws them.
#[derive(Debug)]
pub struct Field {
    /// Names the field in the form, in events and in the errors of a server.
    pub id: &'static str,
    /// What stands before it, or on the button.
    pub label: String,
    /// What is shown while it has the focus.
    pub help: String,
    /// What stands in it while it is empty.
    pub placeholder: String,
    /// What it holds.
    pub kind: Kind,
    /// Whether it must be filled in.
    pub required: bool,
    /// Whether it is part of the form at the moment; a hidden one is neither drawn nor checked.
    pub visible: bool,
    /// Why it cannot be changed or pressed now; none where it can.
    pub refusal: Option<String>,
    /// What is wrong with it, in words.
    pub error: Option<String>,
    /// Whether its value was changed by hand.
    pub touched: bool,
    check: Option<Check>,
}

impl Field {
    fn new(id: &'static str, label: impl Into<String>, kind: Kind) -> Self {
        Self {
            id,
            label: label.into(),
            help: String::new(),
            placeholder: String::new(),
            kind,
            required: false,
            visible: true,
            refusal: None,
            error: None,
            touched: false,
            check: None,
        }
    }

    /// A line of text.
    #[must_use]
    pub fn text(id: &'static str, label: impl Into<String>, value: &str) -> Self {
        Self::new(id, label, Kind::Text(LineEdit::new(value)))
    }

    /// The name of a file.
    #[must_use]
    pub fn path(id: &'static str, label: impl Into<String>, value: &str) -> Self {
        Self::new(id, label, Kind::Path(LineEdit::new(value)))
    }

    /// A whole number of `min..=max`; none leaves it empty.
    #[must_use]
    pub fn number(id: &'static str, label: impl Into<String>, value: Option<i64>, min: i64, max: i64) -> Self {
        let digits = value.map(|value| value.to_string()).unwrap_or_default();
        Self::new(id, label, Kind::Number { line: LineEdit::new(&digits), min, max })
    }

    /// A secret, empty at first.
    #[must_use]
    pub fn secret(id: &'static str, label: impl Into<String>) -> Self {
        Self::new(id, label, Kind::Secret(SecretEdit::default()))
    }

    /// One of several options; `chosen` is an id.
    #[must_use]
    pub fn select(id: &'static str, label: impl Into<String>, options: Vec<Choice>, chosen: Option<&str>) -> Self {
        Self::new(id, label, Kind::Select(Picker { options, chosen: chosen.map(str::to_owned), open: None }))
    }

    /// Yes or no.
    #[must_use]
    pub fn toggle(id: &'static str, label: impl Into<String>, on: bool) -> Self {
        Self::new(id, label, Kind::Toggle(on))
    }

    /// A button.
    #[must_use]
    pub fn button(id: &'static str, label: impl Into<String>) -> Self {
        Self::new(id, label, Kind::Button)
    }

    /// The same field, which must be filled in.
    #[must_use]
    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The same field with a line of help.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: help.into(), ..self }
    }

    /// The same field with words that stand in it while it is empty.
    #[must_use]
    pub fn placeholder(self, words: impl Into<String>) -> Self {
        Self { placeholder: words.into(), ..self }
    }

    /// The same field with a check of its own, after those of its kind.
    #[must_use]
    pub fn check(self, check: Check) -> Self {
        Self { check: Some(check), ..self }
    }

    /// Whether nothing has been filled in. Toggles and buttons are never empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.kind {
            Kind::Text(line) | Kind::Path(line) | Kind::Number { line, .. } => line.value().trim().is_empty(),
            Kind::Secret(secret) => secret.is_empty(),
            Kind::Select(picker) => picker.choice().is_none(),
            Kind::Toggle(_) | Kind::Button => false,
        }
    }

    /// Edits the value by one key; opening lists and pressing buttons is the form's part.
    pub fn on_key(&mut self, key: Key) -> Edit {
        let edit = match &mut self.kind {
            _ if self.refusal.is_some() => Edit::Ignored,
            Kind::Text(line) | Kind::Path(line) => line.on_key(key),
            Kind::Number { line, min, .. } => match key.typed() {
                Some(c) if !(c.is_ascii_digit() || c == '-' && *min < 0) => Edit::Moved,
                _ => line.on_key(key),
            },
            Kind::Secret(secret) => secret.on_key(key),
            Kind::Toggle(on) => match key.code {
                KeyCode::Char(' ') | KeyCode::Left | KeyCode::Right => {
                    *on = !*on;
                    Edit::Changed
                }
                _ => Edit::Ignored,
            },
            Kind::Select(_) | Kind::Button => Edit::Ignored,
        };
        self.note(edit)
    }

    /// Inserts a pasted text where the field takes text.
    pub fn paste(&mut self, text: &str) -> Edit {
        let edit = match &mut self.kind {
            _ if self.refusal.is_some() => Edit::Ignored,
            Kind::Text(line) | Kind::Path(line) => {
                line.paste(text);
                Edit::Changed
            }
            Kind::Number { line, .. } => {
                line.paste(text.trim());
                Edit::Changed
            }
            Kind::Secret(secret) => {
                secret.paste(text);
                Edit::Changed
            }
            Kind::Select(_) | Kind::Toggle(_) | Kind::Button => Edit::Ignored,
        };
        self.note(edit)
    }

    /// Chooses an option by hand.
    pub fn choose(&mut self, id: String) {
        if let Kind::Select(picker) = &mut self.kind {
            picker.chosen = Some(id);
            picker.open = None;
            self.note(Edit::Changed);
        }
    }

    /// Checks the value and keeps what is wrong with it; says whether it is good.
    pub fn validate(&mut self) -> bool {
        self.error = self.verdict().err();
        self.error.is_none()
    }

    fn note(&mut self, edit: Edit) -> Edit {
        if edit == Edit::Changed {
            self.touched = true;
            self.error = None;
        }
        edit
    }

    fn verdict(&self) -> Result<(), String> {
        if !self.visible {
            return Ok(());
        }
        if self.is_empty() {
            return if self.required { Err(self.missing()) } else { Ok(()) };
        }
        let check = self.check.unwrap_or(|_| Ok(()));
        match &self.kind {
            Kind::Text(line) | Kind::Path(line) => check(line.value()),
            Kind::Number { line, min, max } => match line.value().trim().parse::<i64>() {
                Ok(number) if (*min..=*max).contains(&number) => check(line.value()),
                _ => Err(format!("{} must be a whole number from {min} to {max}", self.label)),
            },
            Kind::Secret(secret) => secret.inspect(check),
            Kind::Select(picker) => picker.choice().map_or(Ok(()), |choice| check(&choice.id)),
            Kind::Toggle(_) | Kind::Button => Ok(()),
        }
    }

    fn missing(&self) -> String {
        match &self.kind {
            Kind::Select(picker) => {
                match picker.options.iter().find(|choice| Some(&choice.id) == picker.chosen.as_ref()) {
                    Some(Choice { refusal: Some(reason), .. }) => format!("Choose another {}: {reason}", self.label),
                    _ => format!("Choose a value for {}", self.label),
                }
            }
            _ => format!("{} is required", self.label),
        }
    }
}
