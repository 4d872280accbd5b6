//! The destination of a migration: a drop-down list of the healthy gateways of the same cloud type, the others below it with
//! the reason against each.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::ops::migrate::eligibility;
use crate::ops::pcgs::Pcg;
use crate::text;
use crate::tui::model::Model;
use crate::tui::runtime::key::Key;
use crate::tui::ui::Slot;
use crate::tui::ui::draw::{after, at, below, right, row, slot, wrap};
use crate::tui::ui::widgets::hints::Hint;
use crate::tui::ui::widgets::select::{Choice, Select, SelectEvent};

/// Columns of the label.
const LABEL: u16 = 14;
/// Longest name in the list, columns.
const NAME: usize = 30;

/// The choice of a destination.
pub(super) struct Destination {
    source: String,
    chosen: Option<String>,
    open: Option<Select>,
}

impl Destination {
    pub(super) fn new(source: &str) -> Self {
        Self { source: source.to_owned(), chosen: None, open: None }
    }

    pub(super) fn chosen(&self) -> Option<&str> {
        self.chosen.as_deref()
    }

    /// Opens the list where nothing was chosen yet.
    pub(super) fn enter(&mut self, model: &Model) {
        if self.chosen.is_none() {
            self.open(model);
        }
    }

    fn open(&mut self, model: &Model) {
        self.open = Some(Select::new(self.choices(model), self.chosen.as_deref()));
    }

    /// Takes over what is known of the gateways now.
    pub(super) fn update(&mut self, model: &Model) {
        let choices = self.choices(model);
        if let Some(list) = &mut self.open {
            list.set_options(choices);
        }
    }

    fn choices(&self, model: &Model) -> Vec<Choice> {
        let Some(source) = model.pcg(&self.source) else { return Vec::new() };
        let others = model.pcgs.iter().filter(|pcg| pcg.uid != self.source);
        others.map(|pcg| choice(source, pcg, model)).collect()
    }

    /// What a key does; `false` where it belongs to the wizard.
    pub(super) fn on_key(&mut self, key: Key, model: &Model) -> bool {
        match &mut self.open {
            Some(list) => {
                match list.on_key(key) {
                    SelectEvent::Chosen(uid) => {
                        self.chosen = Some(uid);
                        self.open = None;
                    }
                    SelectEvent::Closed => self.open = None,
                    SelectEvent::Ignored | SelectEvent::Changed => {}
                }
                true
            }
            None => match key.code {
                KeyCode::Down | KeyCode::Char(' ') => {
                    self.open(model);
                    true
                }
                KeyCode::Enter if self.chosen.is_none() || self.refusal(model).is_some() => {
                    self.open(model);
                    true
                }
                _ => false,
            },
        }
    }

    pub(super) fn on_paste(&mut self, text: &str) {
        if let Some(list) = &mut self.open {
            list.paste(text);
        }
    }

    /// Why the chosen gateway cannot receive the clusters any more.
    fn refusal(&self, model: &Model) -> Option<String> {
        let chosen = self.chosen.as_ref()?;
        let Some(target) = model.pcg(chosen) else { return Some("it was deleted by someone meanwhile".to_owned()) };
        let source = model.pcg(&self.source)?;
        eligibility(source, target).err().map(|reason| reason.to_string())
    }

    pub(super) fn hints(&self) -> Vec<Hint<'static>> {
        if self.open.is_some() {
            return vec![Hint::new("Enter", "choose"), Hint::new("type", "filter"), Hint::new("Esc", "close the list")];
        }
        vec![Hint::new("Enter", "next"), Hint::new("Down", "open the list"), Hint::new("Esc", "back")]
    }

    pub(super) fn view(&self, body: Rect, screen: Rect, buf: &mut Buffer, model: &Model) {
        let look = &model.look();
        let line = row(body, 0);
        slot(buf, line, "Destination", Slot::Label, look);
        let field = after(line, LABEL);
        let value = match self.chosen.as_ref().map(|uid| model.pcg(uid)) {
            None => "choose a gateway".to_owned(),
            Some(None) => "deleted meanwhile".to_owned(),
            Some(Some(pcg)) => summary(pcg, model),
        };
        let focus = if self.open.is_none() { Slot::Focus } else { Slot::Text };
        let room = right(buf, field, look.glyphs.down, Slot::Accent, look);
        slot(buf, Rect { width: room.saturating_sub(1), ..field }, &value, focus, look);
        let mut words = vec![];
        slot(buf, row(body, body.height.saturating_sub(1)), super::migrate::ALL_OR_NONE, Slot::Text, look);
        if let Some(reason) = self.refusal(model) {
            words.push((format!("It cannot receive the clusters: {reason}. Choose another one."), Slot::Bad));
        }
        let eligible = self.choices(model).iter().any(|choice| choice.refusal.is_none());
        if !eligible {
            words.push((NONE.to_owned(), Slot::Bad));
        }
        let mut rest = below(body, 2);
        for (text, meaning) in words {
            for line in wrap(&text, body.width) {
                slot(buf, row(rest, 0), &line, meaning, look);
                rest = below(rest, 1);
            }
        }
        if let Some(list) = &self.open {
            list.render(field, screen, buf, look);
        }
    }

    pub(super) fn cursor(&self, body: Rect, screen: Rect) -> Option<Position> {
        let field = after(row(body, 0), LABEL);
        match &self.open {
            Some(list) => list.cursor(field, screen),
            None => at(field, 0),
        }
    }
}

const NONE: &str = "No other gateway of this cloud type is running and healthy. Heal or install one first; nothing was \
                    changed.";

fn choice(source: &Pcg, target: &Pcg, model: &Model) -> Choice {
    let name = text::elide(&text::clean(&target.name), NAME).into_owned();
    match eligibility(source, target) {
        Ok(()) => Choice::new(target.uid.clone(), [name, clusters(target), heartbeat(target, model)]),
        Err(reason) => Choice::refused(target.uid.clone(), name, reason.to_string()),
    }
}

fn clusters(pcg: &Pcg) -> String {
    pcg.clusters.map_or_else(|| "…".to_owned(), |n| text::count(n, "cluster"))
}

fn heartbeat(pcg: &Pcg, model: &Model) -> String {
    format!("heartbeat {}", super::rows::heartbeat(pcg, model))
}

fn summary(pcg: &Pcg, model: &Model) -> String {
    let name = text::elide(&text::clean(&pcg.name), NAME).into_owned();
    [name, clusters(pcg), heartbeat(pcg, model)].join(&format!(" {} ", model.glyphs.dot))
}
