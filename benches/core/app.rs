//! The application without a terminal: what a message and the frame after it cost.

use std::error::Error;
use std::time::{Duration, Instant};

use palette_console::api::audit::{Audit, AuditQuery};
use palette_console::client::SessionKind;
use palette_console::clock::{Clock, SystemClock};
use palette_console::ops::audits::Page;
use palette_console::ops::pcgs::Inventory;
use palette_console::tui::app::{App, Msg};
use palette_console::tui::model::{Model, Now};
use palette_console::tui::msg::{Answer, Greeting};
use palette_console::tui::runtime::input::Input;
use palette_console::tui::ui::{Glyphs, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::figures::{Amount, Figure, median};
use crate::fixture::Fixture;
use crate::timed;

const SCREEN: Rect = Rect { x: 0, y: 0, width: 120, height: 40 };
const FRAME: Duration = Duration::from_millis(5);
const RUNS: usize = 51;

/// An application and the two buffers that a terminal library keeps.
struct Screen {
    app: App,
    shown: Buffer,
    next: Buffer,
}

impl Screen {
    fn new() -> Self {
        let glyphs = Glyphs::detect(Some("C.UTF-8"), None, None);
        let app = App::new(Model::new(Theme::ansi(), glyphs, now()));
        let mut screen = Self { app, shown: Buffer::empty(SCREEN), next: Buffer::empty(SCREEN) };
        screen.update(Msg::Input(Input::Resize(SCREEN.width, SCREEN.height)));
        screen
    }

    fn update(&mut self, msg: Msg) {
        std::hint::black_box(self.app.update(msg, now()));
    }

    fn learn(&mut self, answer: Answer) {
        self.update(Msg::Outcome(answer));
    }

    /// Draws a frame and works out what has changed on the screen.
    fn frame(&mut self) -> usize {
        self.next.reset();
        self.app.view(SCREEN, &mut self.next);
        let changed = self.shown.diff(&self.next).len();
        std::mem::swap(&mut self.shown, &mut self.next);
        changed
    }

    fn key(&mut self, name: &str) -> Result<(), Box<dyn Error>> {
        let key = name.parse()?;
        self.update(Msg::Input(Input::Key(key)));
        Ok(())
    }

    fn cells_changed(&mut self, name: &str) -> Result<Amount, Box<dyn Error>> {
        self.key(name)?;
        Ok(Amount::of(self.frame(), "cells"))
    }

    /// The median of a message and its frame, over keys given in turn.
    fn keys(&mut self, names: [&str; 2]) -> Result<Amount, Box<dyn Error>> {
        let mut samples = Vec::with_capacity(RUNS);
        for name in names.iter().cycle().take(RUNS) {
            let start = Instant::now();
            self.key(name)?;
            self.frame();
            samples.push(start.elapsed());
        }
        middle(samples)
    }
}

pub fn measure(fixture: &Fixture) -> Result<Vec<Figure>, Box<dyn Error>> {
    let mut screen = Screen::new();
    screen.learn(Answer::Greeting(Ok(Greeting { capabilities: Default::default(), banner: None })));
    screen.learn(Answer::Login(SessionKind::Tenant, Ok(fixture.who.clone())));
    screen.learn(Answer::Gateways(Ok(fixture.gateways.clone())));
    screen.learn(Answer::Clouds(Ok(fixture.clouds.clone())));
    screen.learn(Answer::Clusters(Ok(fixture.clusters.clone())));
    let mut figures = gateways(&mut screen, fixture)?;
    figures.extend(audits(&mut screen, fixture)?);
    Ok(figures)
}

fn gateways(screen: &mut Screen, fixture: &Fixture) -> Result<Vec<Figure>, Box<dyn Error>> {
    let joined = joined(fixture);
    let learnt = repeat(|| {
        let answer = Answer::Gateways(Ok(fixture.gateways.clone()));
        timed(|| screen.learn(answer))
    })?;
    Ok(vec![
        Figure::new("gateways: view of a frame", repeat(|| timed(|| screen.frame()))?).within(FRAME),
        Figure::new("gateways: cursor key, view, diff", screen.keys(["down", "up"])?).within(FRAME),
        Figure::new("gateways: cells that a cursor key changes", screen.cells_changed("down")?),
        Figure::new("gateways: page key, view, diff", screen.keys(["page-down", "page-up"])?).within(FRAME),
        Figure::new("gateways: sort, view, diff", screen.keys(["s", "S"])?).within(FRAME),
        Figure::new("gateways: a refresh that changes nothing", learnt),
        Figure::new("inventory: join of gateways and clusters", repeat(|| timed(|| joined.pcgs()))?),
    ])
}

fn joined(fixture: &Fixture) -> Inventory {
    let mut inventory = Inventory::default();
    inventory.set_gateways(fixture.gateways.clone());
    inventory.add_clouds(fixture.clouds.clone());
    inventory.set_clusters(fixture.clusters.clone());
    inventory
}

fn audits(screen: &mut Screen, fixture: &Fixture) -> Result<Vec<Figure>, Box<dyn Error>> {
    let entries = entries(&fixture.newest.entries, fixture.scale.audits);
    let page = |entries, next| Page { entries, next, total: fixture.newest.total };
    screen.key("3")?;
    screen.learn(Answer::Audits(AuditQuery::default(), Ok(page(entries, None))));
    let following = AuditQuery { next: Some("next".to_owned()), ..AuditQuery::default() };
    let more = page(fixture.newest.entries.clone(), None);
    let appended = repeat(|| {
        let answer = Answer::Audits(following.clone(), Ok(more.clone()));
        timed(|| screen.learn(answer))
    })?;
    Ok(vec![
        Figure::new("audits, all read: view of a frame", repeat(|| timed(|| screen.frame()))?).within(FRAME),
        Figure::new("audits, all read: cursor key, view, diff", screen.keys(["down", "up"])?).within(FRAME),
        Figure::new("audits, all read: first and last, view, diff", screen.keys(["end", "home"])?).within(FRAME),
        Figure::new("audits, all read: one more page", appended),
    ])
}

/// As many entries as wanted, each with a uid of its own.
fn entries(sample: &[Audit], count: usize) -> Vec<Audit> {
    let numbered = sample.iter().cycle().take(count).cloned().enumerate();
    let renamed = numbered.map(|(number, mut entry)| {
        entry.metadata.uid = format!("{number:024x}");
        entry
    });
    renamed.collect()
}

fn repeat(mut run: impl FnMut() -> Duration) -> Result<Amount, Box<dyn Error>> {
    middle((0..RUNS).map(|_| run()).collect())
}

fn middle(samples: Vec<Duration>) -> Result<Amount, Box<dyn Error>> {
    median(samples).map(Amount::from).ok_or_else(|| "nothing was measured".into())
}

fn now() -> Now {
    Now { wall: SystemClock.now(), tick: Instant::now() }
}
