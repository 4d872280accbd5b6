//! What the user does, from the events of the terminal. Pure: the loop feeds events with the time and asks when to
//! look again.
//!
//! A terminal sends one key as several bytes that begin with escape. Over a slow line they may arrive in pieces, and
//! then the first one looks like the Esc key, which would close a dialog. So an Esc is held back for a moment and
//! joined with what follows, where that completes a key.

mod sequence;

use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyEventKind};

use self::sequence::{Progress, Sequence};
use super::key::Key;

/// Something that the user did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed, or repeats while it is held.
    Key(Key),
    /// A text was pasted; its lines end in `\n`, and of the control characters only `\n` and `\t` are left.
    Paste(String),
    /// The screen has this many columns and rows now.
    Resize(u16, u16),
    /// The window came to the front.
    FocusGained,
    /// The window went to the back.
    FocusLost,
}

/// How long an Esc is held back: over SSH the pieces of one key may be a tenth of a second apart; on this machine
/// they are not, and a person does not feel this little.
#[must_use]
pub fn escape_delay(over_ssh: bool) -> Duration {
    Duration::from_millis(if over_ssh { 100 } else { 25 })
}

/// Turns events into inputs.
#[derive(Debug)]
pub struct InputReader {
    delay: Duration,
    held: Held,
    deadline: Option<Instant>,
}

/// What is being held back.
#[derive(Debug, Default)]
enum Held {
    #[default]
    Nothing,
    Sequence(Sequence),
    /// The text of a paste whose opening was torn; it ends with the next escape, or when nothing more comes.
    Paste(String),
}

impl InputReader {
    /// A reader that holds an Esc back for `delay`, see [`escape_delay`].
    #[must_use]
    pub fn new(delay: Duration) -> Self {
        Self { delay, held: Held::Nothing, deadline: None }
    }

    /// When [`Self::expire`] must be called; none while nothing is held back.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Takes one event; answers with what is complete now.
    pub fn feed(&mut self, event: Event, now: Instant) -> Vec<Input> {
        let mut out = Vec::new();
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(key.into(), &mut out),
            Event::Paste(text) => {
                self.release(&mut out);
                out.push(Input::Paste(pasted(&text)));
            }
            Event::Resize(columns, rows) => out.push(Input::Resize(columns, rows)),
            Event::FocusGained => out.push(Input::FocusGained),
            Event::FocusLost => out.push(Input::FocusLost),
            Event::Key(_) | Event::Mouse(_) => return out,
        }
        self.deadline = self.wait().map(|wait| now + wait);
        out
    }

    /// Gives out what is held back if its time is over.
    pub fn expire(&mut self, now: Instant) -> Vec<Input> {
        let mut out = Vec::new();
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.release(&mut out);
            self.deadline = None;
        }
        out
    }

    fn wait(&self) -> Option<Duration> {
        match self.held {
            Held::Nothing => None,
            Held::Sequence(_) => Some(self.delay),
            Held::Paste(_) => Some(self.delay.max(escape_delay(true))),
        }
    }

    fn key(&mut self, key: Key, out: &mut Vec<Input>) {
        let escape = key == Key::plain(KeyCode::Esc);
        match std::mem::take(&mut self.held) {
            Held::Nothing if escape => self.held = Held::Sequence(Sequence::Escape),
            Held::Nothing => out.push(Input::Key(key)),
            Held::Sequence(sequence) => self.advance(sequence, key, out),
            Held::Paste(text) if escape => {
                out.push(Input::Paste(pasted(&text)));
                self.held = Held::Sequence(Sequence::Escape);
            }
            Held::Paste(mut text) => {
                text.extend(typed(key));
                self.held = Held::Paste(text);
            }
        }
    }

    fn advance(&mut self, sequence: Sequence, key: Key, out: &mut Vec<Input>) {
        match sequence.advance(key) {
            Progress::More(sequence) => self.held = Held::Sequence(sequence),
            Progress::Key(key) => out.push(Input::Key(key)),
            Progress::Focus(gained) => out.push(if gained { Input::FocusGained } else { Input::FocusLost }),
            Progress::PasteBegins => self.held = Held::Paste(String::new()),
            Progress::Nothing => {}
            Progress::NoSequence(keys) => {
                out.extend(keys.into_iter().map(Input::Key));
                self.key(key, out);
            }
        }
    }

    /// What is held back was what it looked like.
    fn release(&mut self, out: &mut Vec<Input>) {
        match std::mem::take(&mut self.held) {
            Held::Nothing => {}
            Held::Sequence(sequence) => out.extend(sequence.typed().into_iter().map(Input::Key)),
            Held::Paste(text) => out.push(Input::Paste(pasted(&text))),
        }
    }
}

fn typed(key: Key) -> Option<char> {
    match key.code {
        KeyCode::Enter => Some('\n'),
        KeyCode::Tab => Some('\t'),
        // A raw line feed arrives as ctrl-j.
        KeyCode::Char('j') if key == Key::ctrl('j') => Some('\n'),
        _ => key.typed(),
    }
}

fn pasted(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    lines.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
}

#[cfg(test)]
mod tests;
