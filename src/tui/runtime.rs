//! The thin shell around the pure core: the terminal, the clock, the loop.

pub mod effects;
pub mod input;
pub mod key;
pub mod terminal;

use std::io;
use std::time::{Duration, Instant};

use crossterm::event::EventStream;
use futures_util::StreamExt;
use ratatui::layout::Rect;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep_until;

use self::effects::{Delivery, Effects};
use self::input::{Input, InputReader, escape_delay};
use self::terminal::Tty;
use super::app::{App, Msg};
use super::link::{Link, Order, PlaneEvent};
use super::model::{Model, Now};
use super::msg::{Answer, Effect};
use super::ui::{Glyphs, Theme};
use crate::clock::{Clock, SystemClock};

/// Frames are at least this far apart, so that a held key or a burst of answers is folded into one.
const FRAME: Duration = Duration::from_millis(33);
/// How long letting go of the plane may take before the process is suspended or ends all the same.
const LET_GO: Duration = Duration::from_secs(3);

/// How the console ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The person left.
    Left,
    /// A signal ended it.
    Signalled,
}

/// How the screen is drawn.
#[derive(Clone, Debug)]
pub struct Appearance {
    /// Styles.
    pub theme: Theme,
    /// Signs.
    pub glyphs: Glyphs,
}

impl Appearance {
    /// What this terminal can show, by its environment. `ascii` asks for ASCII signs whatever it says.
    #[must_use]
    pub fn detect(ascii: bool) -> Self {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let (all, ctype, lang) = (set("LC_ALL"), set("LC_CTYPE"), set("LANG"));
        let glyphs =
            if ascii { Glyphs::ascii() } else { Glyphs::detect(all.as_deref(), ctype.as_deref(), lang.as_deref()) };
        let theme = if set("NO_COLOR").is_some() { Theme::mono() } else { Theme::ansi() };
        Self { theme, glyphs }
    }
}

/// Runs the console on this terminal until the person leaves.
///
/// # Errors
/// Where the terminal cannot be used.
pub async fn run(link: Link, appearance: Appearance) -> io::Result<Ended> {
    Runtime::open(link, appearance)?.run().await
}

struct Runtime {
    tty: Tty,
    app: App,
    reader: InputReader,
    events: EventStream,
    link: Link,
    effects: Effects,
    deliveries: mpsc::UnboundedReceiver<Box<Delivery>>,
    outcomes: Vec<Answer>,
    dirty: bool,
    drawn: Instant,
    signals: Signals,
    ended: Option<Ended>,
}

/// The signals that the console minds.
struct Signals {
    terminate: Signal,
    hangup: Signal,
    interrupt: Signal,
    stop: Signal,
    go_on: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            stop: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
            go_on: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }
}

/// What woke the loop.
enum Woken {
    Ended,
    Stop,
    GoOn,
    Draw,
    Event(Option<io::Result<crossterm::event::Event>>),
    Plane(Option<PlaneEvent>),
    Delivery(Option<Box<Delivery>>),
    Escape,
    Deadline,
}

fn now() -> Now {
    Now { wall: SystemClock.now(), tick: Instant::now() }
}

impl Runtime {
    fn open(link: Link, appearance: Appearance) -> io::Result<Self> {
        let tty = Tty::open()?;
        let (inbox, deliveries) = mpsc::unbounded_channel();
        let mut app = App::new(Model::new(appearance.theme, appearance.glyphs, now()));
        let size = tty.size()?;
        app.model.screen = Rect::new(0, 0, size.width, size.height);
        let over_ssh = std::env::var_os("SSH_CONNECTION").is_some() || std::env::var_os("SSH_TTY").is_some();
        Ok(Self {
            tty,
            app,
            reader: InputReader::new(escape_delay(over_ssh)),
            events: EventStream::new(),
            link,
            effects: Effects::new(inbox),
            deliveries,
            outcomes: Vec::new(),
            dirty: true,
            drawn: Instant::now().checked_sub(FRAME).unwrap_or_else(Instant::now),
            signals: Signals::new()?,
            ended: None,
        })
    }

    async fn run(mut self) -> io::Result<Ended> {
        self.tty.set_title("palette-console")?;
        loop {
            match self.wait().await {
                // A terminal that cannot be read is a terminal that is gone.
                Woken::Ended | Woken::Event(None | Some(Err(_))) => self.ended = Some(Ended::Signalled),
                Woken::Stop => self.suspend().await?,
                Woken::GoOn => {
                    terminal::leave();
                    self.come_back()?;
                }
                Woken::Draw => self.draw()?,
                Woken::Event(Some(Ok(event))) => {
                    let inputs = self.reader.feed(event, Instant::now());
                    self.inputs(inputs).await?;
                }
                Woken::Escape => {
                    let inputs = self.reader.expire(Instant::now());
                    self.inputs(inputs).await?;
                }
                Woken::Plane(Some(event)) => self.plane(event).await?,
                Woken::Delivery(Some(delivery)) => {
                    if let Some((request, answer)) = self.effects.accept(delivery) {
                        self.step(Msg::Answer(request, answer)).await?;
                    }
                }
                Woken::Deadline => self.step(Msg::Wake).await?,
                Woken::Plane(None) | Woken::Delivery(None) => {}
            }
            if let Some(ended) = self.ended {
                self.let_go().await;
                return Ok(ended);
            }
        }
    }

    /// Drawing stands before input, so that a held key cannot starve it.
    async fn wait(&mut self) -> Woken {
        let signals = &mut self.signals;
        let at = |instant: Instant| sleep_until(instant.into());
        let never = Instant::now() + Duration::from_secs(3600);
        let (escape, deadline) = (self.reader.deadline(), self.app.deadline());
        tokio::select! {
            biased;
            _ = signals.terminate.recv() => Woken::Ended,
            _ = signals.hangup.recv() => Woken::Ended,
            _ = signals.interrupt.recv() => Woken::Ended,
            _ = signals.stop.recv() => Woken::Stop,
            _ = signals.go_on.recv() => Woken::GoOn,
            () = at(self.drawn + FRAME), if self.dirty => Woken::Draw,
            event = self.events.next() => Woken::Event(event),
            event = self.link.events.recv(), if !self.link.events.is_closed() => Woken::Plane(event),
            delivery = self.deliveries.recv() => Woken::Delivery(delivery),
            () = at(escape.unwrap_or(never)), if escape.is_some() => Woken::Escape,
            () = at(deadline.unwrap_or(never)), if deadline.is_some() => Woken::Deadline,
        }
    }

    fn draw(&mut self) -> io::Result<()> {
        // A frame may see a new size before its event comes, and a newer one than was asked for just before; keys go by what the
        // person saw.
        let size = self.tty.size()?;
        self.app.model.screen = Rect::new(0, 0, size.width, size.height);
        let (app, mut area) = (&self.app, Rect::ZERO);
        self.tty.draw(|frame| {
            area = frame.area();
            app.view(area, frame.buffer_mut());
            if let Some(position) = app.cursor(area) {
                frame.set_cursor_position(position);
            }
        })?;
        self.app.model.screen = area;
        self.dirty = false;
        self.drawn = Instant::now();
        Ok(())
    }

    async fn inputs(&mut self, inputs: Vec<Input>) -> io::Result<()> {
        for input in inputs {
            self.step(Msg::Input(input)).await?;
        }
        Ok(())
    }

    async fn plane(&mut self, event: PlaneEvent) -> io::Result<()> {
        if let PlaneEvent::Ready(ready) = &event {
            self.effects.connect(ready.client.clone());
            self.tty.set_title(&format!("palette-console: {}", ready.place))?;
        }
        self.step(Msg::Plane(event)).await
    }

    /// One message, its effects, and the messages that these have at once.
    async fn step(&mut self, msg: Msg) -> io::Result<()> {
        self.dirty = true;
        let mut effects = self.app.update(msg, now());
        loop {
            for effect in effects {
                self.perform(effect).await?;
            }
            match self.outcomes.pop() {
                Some(outcome) => effects = self.app.update(Msg::Outcome(outcome), now()),
                None => break,
            }
        }
        Ok(())
    }

    async fn perform(&mut self, effect: Effect) -> io::Result<()> {
        match effect {
            Effect::Ask(request) => self.effects.ask(request),
            Effect::Copy(text) => {
                let copied = self.tty.copy(&text)?;
                self.outcomes.push(Answer::Copied(copied.to_string()));
            }
            Effect::Save { dir, name, text } => {
                self.outcomes.push(Answer::Saved(effects::save(&dir, &name, &text)));
            }
            // The keeper may have ended with the plane; then nobody is left to obey.
            Effect::Order(order) => drop(self.link.orders.send(order)),
            Effect::Touch => {
                if let Some(client) = self.effects.client() {
                    client.touch();
                }
            }
            Effect::Redraw => self.tty.redraw()?,
            Effect::Suspend => self.suspend().await?,
            Effect::Quit => self.ended = Some(Ended::Left),
        }
        Ok(())
    }

    /// Lets go of the plane, gives the terminal back, stops; and takes both again when it is continued. The kernel
    /// may let this thread run on for a moment after the stop, so the signal is waited for.
    async fn suspend(&mut self) -> io::Result<()> {
        self.let_go().await;
        self.tty.suspend()?;
        self.signals.go_on.recv().await;
        let _ = self.link.orders.send(Order::Resume);
        self.come_back()
    }

    /// Enters the terminal again, whatever size it has now.
    fn come_back(&mut self) -> io::Result<()> {
        self.tty.resume()?;
        let size = self.tty.size()?;
        self.app.model.screen = Rect::new(0, 0, size.width, size.height);
        self.dirty = true;
        Ok(())
    }

    async fn let_go(&self) {
        let (done, answer) = oneshot::channel();
        if self.link.orders.send(Order::Release(done)).is_ok() {
            let _ = tokio::time::timeout(LET_GO, answer).await;
        }
    }
}
