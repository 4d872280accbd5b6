//! The drop-down list: what can be chosen first, what cannot below it, with the reason.

mod view;

use crossterm::event::KeyCode;

use super::line::{Edit, LineEdit};
use crate::tui::runtime::key::Key;

/// One option of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What the form gets when it is chosen.
    pub id: String,
    /// What is shown, column by column; the columns of all options are aligned. The first one is its name.
    pub columns: Vec<String>,
    /// Why it cannot be chosen; none for an eligible one.
    pub refusal: Option<String>,
}

impl Choice {
    /// An eligible option with the columns that describe it.
    #[must_use]
    pub fn new<C: Into<String>>(id: impl Into<String>, columns: impl IntoIterator<Item = C>) -> Self {
        Self { id: id.into(), columns: columns.into_iter().map(Into::into).collect(), refusal: None }
    }

    /// An option that cannot be chosen, and why.
    #[must_use]
    pub fn refused(id: impl Into<String>, name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { id: id.into(), columns: vec![name.into()], refusal: Some(reason.into()) }
    }

    /// The first column.
    #[must_use]
    pub fn name(&self) -> &str {
        self.columns.first().map_or("", String::as_str)
    }

    fn matches(&self, needle: &str) -> bool {
        needle.is_empty()
            || self.columns.iter().chain(&self.refusal).any(|column| column.to_lowercase().contains(needle))
    }
}

/// What a key did to an open list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelectEvent {
    /// The key means nothing here.
    Ignored,
    /// The highlight or the filter changed.
    Changed,
    /// An option was chosen; the list should be closed.
    Chosen(String),
    /// The list should be closed without a choice.
    Closed,
}

/// An open list. The highlight is on an option's id, so that it survives filtering and refreshing.
#[derive(Clone, Debug)]
pub struct Select {
    options: Vec<Choice>,
    filter: LineEdit,
    current: Option<String>,
    highlighted: Option<String>,
}

/// Rows that page up and page down move.
const PAGE: usize = 8;

impl Select {
    /// Opens a list; the highlight starts at the current value where that can be chosen, else at the first option.
    #[must_use]
    pub fn new(options: Vec<Choice>, current: Option<&str>) -> Self {
        let mut select =
            Self { options, filter: LineEdit::default(), current: current.map(str::to_owned), highlighted: None };
        select.highlighted = select.current.clone();
        select.settle();
        select
    }

    /// Replaces the options, for instance when they have been loaded again.
    pub fn set_options(&mut self, options: Vec<Choice>) {
        self.options = options;
        self.settle();
    }

    /// The option under the highlight.
    #[must_use]
    pub fn highlighted(&self) -> Option<&Choice> {
        let id = self.highlighted.as_deref()?;
        self.eligible().into_iter().find(|choice| choice.id == id)
    }

    /// Arrows, page keys, home and end move among what can be chosen; enter chooses, esc closes, text filters.
    pub fn on_key(&mut self, key: Key) -> SelectEvent {
        match key.code {
            KeyCode::Esc => return SelectEvent::Closed,
            KeyCode::Enter => {
                return self
                    .highlighted()
                    .map_or(SelectEvent::Changed, |choice| SelectEvent::Chosen(choice.id.clone()));
            }
            KeyCode::Up => self.step(|place, _| place.saturating_sub(1)),
            KeyCode::Down => self.step(|place, _| place + 1),
            KeyCode::PageUp => self.step(|place, _| place.saturating_sub(PAGE)),
            KeyCode::PageDown => self.step(|place, _| place + PAGE),
            KeyCode::Home => self.step(|_, _| 0),
            KeyCode::End => self.step(|_, last| last),
            _ => return self.edit(key),
        }
        SelectEvent::Changed
    }

    /// Adds a pasted text to the filter.
    pub fn paste(&mut self, text: &str) {
        self.filter.paste(text);
        self.settle();
    }

    fn edit(&mut self, key: Key) -> SelectEvent {
        match self.filter.on_key(key) {
            Edit::Ignored => SelectEvent::Ignored,
            Edit::Moved => SelectEvent::Changed,
            Edit::Changed => {
                self.settle();
                SelectEvent::Changed
            }
        }
    }

    fn step(&mut self, to: impl Fn(usize, usize) -> usize) {
        let eligible = self.eligible();
        let last = eligible.len().saturating_sub(1);
        let place = eligible.iter().position(|choice| Some(&choice.id) == self.highlighted.as_ref()).unwrap_or(0);
        self.highlighted = eligible.get(to(place, last).min(last)).map(|choice| choice.id.clone());
    }

    /// Puts the highlight on the first option where the one it was on is not among those shown.
    fn settle(&mut self) {
        if self.highlighted().is_none() {
            self.highlighted = self.eligible().first().map(|choice| choice.id.clone());
        }
    }

    fn shown(&self, refused: bool) -> Vec<&Choice> {
        let needle = self.filter.value().trim().to_lowercase();
        self.options.iter().filter(|choice| choice.refusal.is_some() == refused && choice.matches(&needle)).collect()
    }

    fn eligible(&self) -> Vec<&Choice> {
        self.shown(false)
    }

    fn refused(&self) -> Vec<&Choice> {
        self.shown(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn gateways() -> Select {
        Select::new(
            vec![
                Choice::refused("m1", "munich-maas-1", "another cloud type (MAAS)"),
                Choice::new("b2", ["berlin-vsphere-2", "7 clusters", "heartbeat < 1 min"]),
                Choice::new("hh", ["hamburg-vsphere", "2 clusters", "heartbeat < 1 min"]),
                Choice::refused("lab", "lab-cloudstack", "not running (Pending)"),
                Choice::new("ka", ["kassel-vsphere", "12 clusters", "heartbeat < 1 min"]),
            ],
            Some("hh"),
        )
    }

    fn press(select: &mut Select, keys: &str) -> SelectEvent {
        keys.split(' ').map(|key| select.on_key(key.parse().unwrap())).last().unwrap()
    }

    fn highlighted(select: &Select) -> &str {
        select.highlighted().map_or("", |choice| &choice.id)
    }

    #[test]
    fn moving_skips_what_cannot_be_chosen_and_stops_at_the_ends() {
        let mut list = gateways();
        assert_eq!(highlighted(&list), "hh");
        assert_eq!(press(&mut list, "down"), SelectEvent::Changed);
        assert_eq!(highlighted(&list), "ka");
        press(&mut list, "down down");
        assert_eq!(highlighted(&list), "ka");
        press(&mut list, "page-up");
        assert_eq!(highlighted(&list), "b2");
        press(&mut list, "end");
        assert_eq!(press(&mut list, "enter"), SelectEvent::Chosen("ka".into()));
        assert_eq!(press(&mut list, "esc"), SelectEvent::Closed);
    }

    #[test]
    fn typing_filters_and_the_highlight_stays_where_it_can() {
        let mut list = gateways();
        press(&mut list, "h A m");
        assert_eq!(highlighted(&list), "hh");
        press(&mut list, "ctrl-u");
        list.paste("berlin");
        assert_eq!(highlighted(&list), "b2");
        press(&mut list, "x");
        assert_eq!(press(&mut list, "enter"), SelectEvent::Changed, "nothing is left to choose");
        press(&mut list, "backspace");
        assert_eq!(highlighted(&list), "b2");
    }

    #[test]
    fn a_refused_option_is_never_chosen_even_as_the_current_value() {
        let mut list = Select::new(gateways().options, Some("m1"));
        assert_eq!(highlighted(&list), "b2");
        list.set_options(vec![Choice::refused("b2", "berlin-vsphere-2", "unhealthy")]);
        assert_eq!(highlighted(&list), "");
        assert_eq!(press(&mut list, "enter"), SelectEvent::Changed);
        press(&mut list, "up down end");
        assert_eq!(highlighted(&list), "");
    }
}
