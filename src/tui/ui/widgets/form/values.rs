//! What a form holds, by the ids of its fields. Asking for a field that is not there, or is of another kind, answers
//! as if it were empty.

use secrecy::SecretString;

use super::Form;
use crate::tui::ui::widgets::field::Kind;
use crate::tui::ui::widgets::line::LineEdit;
use crate::tui::ui::widgets::select::Choice;

impl Form {
    /// The text of a text, path or number field, without spaces at its ends.
    #[must_use]
    pub fn text(&self, id: &str) -> &str {
        match self.field(id).map(|field| &field.kind) {
            Some(Kind::Text(line) | Kind::Path(line) | Kind::Number { line, .. }) => line.value().trim(),
            _ => "",
        }
    }

    /// The number of a number field; none where it is empty, not a number or out of bounds.
    #[must_use]
    pub fn number(&self, id: &str) -> Option<i64> {
        match self.field(id).map(|field| &field.kind) {
            Some(Kind::Number { line, min, max }) => {
                line.value().trim().parse().ok().filter(|number| (*min..=*max).contains(number))
            }
            _ => None,
        }
    }

    /// A copy of the secret; none where nothing was typed.
    #[must_use]
    pub fn secret(&self, id: &str) -> Option<SecretString> {
        match self.field(id).map(|field| &field.kind) {
            Some(Kind::Secret(secret)) => secret.value(),
            _ => None,
        }
    }

    /// The id of the chosen option; none where nothing eligible is chosen.
    #[must_use]
    pub fn choice(&self, id: &str) -> Option<&str> {
        match self.field(id).map(|field| &field.kind) {
            Some(Kind::Select(picker)) => picker.choice().map(|choice| choice.id.as_str()),
            _ => None,
        }
    }

    /// Whether a toggle is on.
    #[must_use]
    pub fn is_on(&self, id: &str) -> bool {
        matches!(self.field(id).map(|field| &field.kind), Some(Kind::Toggle(true)))
    }

    /// Sets the text of a text, path, number or secret field. It does not count as a change by hand.
    pub fn set_text(&mut self, id: &str, value: &str) {
        let Some(field) = self.field_mut(id) else { return };
        field.error = None;
        match &mut field.kind {
            Kind::Text(line) | Kind::Path(line) | Kind::Number { line, .. } => *line = LineEdit::new(value),
            Kind::Secret(secret) => secret.set(value),
            Kind::Select(_) | Kind::Toggle(_) | Kind::Button => {}
        }
    }

    /// Says what stands in a field while it is empty, and whether it must be filled in.
    pub fn set_placeholder(&mut self, id: &str, words: &str, required: bool) {
        if let Some(field) = self.field_mut(id) {
            words.clone_into(&mut field.placeholder);
            field.required = required;
        }
    }

    /// Sets a toggle. It does not count as a change by hand.
    pub fn set_on(&mut self, id: &str, value: bool) {
        if let Some(Kind::Toggle(on)) = self.field_mut(id).map(|field| &mut field.kind) {
            *on = value;
        }
    }

    /// Chooses an option by its id. It does not count as a change by hand.
    pub fn set_choice(&mut self, id: &str, chosen: Option<&str>) {
        if let Some(Kind::Select(picker)) = self.field_mut(id).map(|field| &mut field.kind) {
            picker.chosen = chosen.map(str::to_owned);
        }
    }

    /// Replaces the options of a list, also while it is open.
    pub fn set_options(&mut self, id: &str, options: Vec<Choice>) {
        if let Some(Kind::Select(picker)) = self.field_mut(id).map(|field| &mut field.kind) {
            if let Some(open) = &mut picker.open {
                open.set_options(options.clone());
            }
            picker.options = options;
        }
    }
}
