//! Dialogs: a stack of layers over the screens. The top one gets the keys; what it ignores goes to the global
//! commands only, never to the screen below.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::model::Model;
use super::msg::{Answer, Effect};
use super::runtime::key::Key;
use crate::ops::migrate;

/// How a short message is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Something was done.
    Done,
    /// Something worth knowing.
    Info,
    /// Something failed; stays until it is dismissed.
    Failed,
}

/// What a screen or a dialog wants to happen. Data, so that a test can look at it.
pub enum Act {
    /// Something for the world.
    Effect(Effect),
    /// A short message.
    Notice(Tone, String),
    /// Another dialog on top.
    Open(Box<dyn Layer>),
    /// This dialog goes away.
    Close,
    /// A migration begins, or is watched again.
    Migrate {
        /// What was looked at.
        plan: Box<migrate::Plan>,
        /// Watch only: it was begun before.
        watch: bool,
    },
    /// The audit logs open on the entries about one resource.
    ShowAudits {
        /// Uid of the resource.
        uid: String,
        /// Its name.
        name: String,
    },
}

/// Several of them, in their order.
pub type Acts = Vec<Act>;

/// A dialog.
pub trait Layer {
    /// What a key does; `None` where it means nothing here.
    fn on_key(&mut self, key: Key, model: &Model) -> Option<Acts>;

    /// What a pasted text does.
    fn on_paste(&mut self, _text: &str) {}

    /// What an answer does. Every dialog sees every answer.
    fn on_answer(&mut self, _answer: &Answer, _model: &Model) -> Acts {
        Acts::new()
    }

    /// Draws the dialog over `screen`.
    fn view(&self, screen: Rect, buf: &mut Buffer, model: &Model);

    /// Where the terminal's cursor belongs.
    fn cursor(&self, _screen: Rect, _model: &Model) -> Option<Position> {
        None
    }

    /// Whether this dialog asks if the console shall end; it is asked once.
    fn asks_to_leave(&self) -> bool {
        false
    }

    /// Whether this dialog shows how a change to the gateway with this uid ends, or a job of the plane with this one;
    /// else a message tells it.
    fn follows(&self, _uid: &str) -> bool {
        false
    }

    /// What a login card is filled with has changed.
    fn on_prefill(&mut self, _prefill: &super::link::Prefill) {}

    /// The session that this dialog opens, where it is a login card.
    fn opens_session(&self) -> Option<crate::client::SessionKind> {
        None
    }
}
