//! The frame around every tab: who, where, when; tabs; news of jobs and of what cannot be read; hints.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::text;
use crate::tui::command::hints;
use crate::tui::model::{Model, PlaneState};
use crate::tui::screens::login;
use crate::tui::ui::draw::{after, below, columns, recede, right, row, rule, slot};
use crate::tui::ui::widgets::hints::{Hint, Hints};
use crate::tui::ui::widgets::tabs::Tabs;
use crate::tui::ui::{Look, Slot};

use super::{App, Tab};

/// The smallest screen that the console can be used on.
pub const SMALLEST: (u16, u16) = (60, 15);

/// Whether nothing can be shown but the wish for more room.
#[must_use]
pub fn is_too_small(screen: Rect) -> bool {
    screen.width < SMALLEST.0 || screen.height < SMALLEST.1
}

/// The parts of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    header: Rect,
    tabs: Rect,
    /// The active tab's own part.
    pub body: Rect,
    news: Rect,
    hints: Rect,
}

/// Divides the screen.
#[must_use]
pub fn split(screen: Rect, model: &Model) -> Parts {
    let part = |y: u16, height: u16| {
        let y = y.min(screen.height);
        Rect { y: screen.y + y, height: height.min(screen.height - y), ..screen }
    };
    let news = u16::from(news(model).is_some());
    let bottom = screen.height.saturating_sub(2 + news);
    Parts {
        header: part(0, 1),
        tabs: part(1, 2),
        body: part(3, bottom.saturating_sub(3)),
        news: part(bottom, news),
        hints: part(bottom + news, 2),
    }
}

/// What must be seen on every tab.
fn news(model: &Model) -> Option<(String, Slot)> {
    if let (Some(reason), true) = (&model.freshness.failed, model.sessions.tenant.is_some()) {
        let since = model.freshness.read_at.map(|at| format!(" since {} UTC", at.format("%H:%M"))).unwrap_or_default();
        let words = format!("{} Not refreshed{since}: {reason}; trying again by itself", model.glyphs.warn);
        return Some((words, Slot::Warn));
    }
    let running: Vec<_> = model.jobs.running().collect();
    let job = running.first()?;
    let name = |name: &str| text::elide(&text::clean(name), 22).into_owned();
    let more = if running.len() > 1 { format!(" and {} more", running.len() - 1) } else { String::new() };
    let words = format!(
        "{} {} of {} moved from {} to {}{more}; w shows it",
        model.glyphs.marker,
        job.moved.len(),
        text::count(job.total(), "cluster"),
        name(&job.plan.source.name),
        name(&job.plan.target.name),
    );
    Some((words, Slot::Accent))
}

impl App {
    /// Draws everything.
    pub fn view(&self, screen: Rect, buf: &mut Buffer) {
        let look = &self.model.look();
        if is_too_small(screen) {
            return too_small(screen, buf, look);
        }
        let parts = split(screen, &self.model);
        self.view_header(parts.header, buf);
        let used = Tabs::new(&Tab::TITLES, self.tab.place()).render(parts.tabs, buf, look);
        self.view_aside(after(row(parts.tabs, 0), used + 2), buf);
        self.view_body(parts.body, buf);
        if let Some((words, meaning)) = news(&self.model) {
            slot(buf, after(parts.news, 1), &words, meaning, look);
        }
        rule(buf, row(parts.hints, 0), look);
        self.view_hints(row(parts.hints, 1), buf);
        if let Some((top, lower)) = self.layers.split_last() {
            lower.iter().for_each(|layer| layer.view(screen, buf, &self.model));
            recede(buf, screen, look);
            top.view(screen, buf, &self.model);
        }
        self.toasts.render(row(screen, screen.height - 1), buf, look);
    }

    /// Where it is narrow, the place goes first, then the product's name; never the badge nor the clock.
    fn view_header(&self, area: Rect, buf: &mut Buffer) {
        let model = &self.model;
        let look = &model.look();
        let clock = format!("{} UTC ", model.now.wall.format("%H:%M"));
        let who = model.sessions.who(self.tab.session()).map(login::badge).unwrap_or_default();
        let who = text::elide(&who, usize::from(area.width) / 2).into_owned();
        let badge = if model.capabilities.sandbox { "SANDBOX" } else { "" };
        let version = model.version.as_ref().map_or_else(String::new, |version| format!(" {version}"));
        let place = text::elide(&format!("{}{version}", model.place), 48).into_owned();
        let right_side = columns(&who) + columns(&clock) + 3;
        let mut left = vec![("palette-console", Slot::Title), (place.as_str(), Slot::Text), (badge, Slot::Badge)];
        left.retain(|(words, _)| !words.is_empty());
        let width = |left: &[(&str, Slot)]| left.iter().map(|(words, _)| columns(words) + 3).sum::<u16>();
        if width(&left) + right_side > area.width {
            left.retain(|(words, _)| *words != place || badge.is_empty());
        }
        if width(&left) + right_side > area.width {
            left.retain(|(_, meaning)| *meaning != Slot::Title);
        }
        let mut at = after(area, 1);
        for (words, meaning) in left {
            let used = slot(buf, at, words, meaning, look);
            at = after(at, used + 3);
        }
        let room = right(buf, at, &clock, Slot::Muted, look);
        right(buf, Rect { width: room.saturating_sub(3), ..at }, &who, Slot::Text, look);
    }

    fn view_aside(&self, area: Rect, buf: &mut Buffer) {
        if !self.is_signed_in(self.tab.session()) || self.model.plane != PlaneState::Ready {
            return;
        }
        match self.tab {
            Tab::Gateways => self.gateways.aside(area, buf, &self.model),
            Tab::Audits => self.audits.aside(area, buf, &self.model),
            Tab::Backup => self.backup.aside(area, buf, &self.model),
        }
    }

    fn view_body(&self, area: Rect, buf: &mut Buffer) {
        let look = &self.model.look();
        match (&self.model.plane, &self.trouble) {
            (PlaneState::Failed(_), Some(trouble)) => return trouble.view(area, buf, look),
            (PlaneState::Ready, _) => {}
            _ => {
                slot(buf, after(below(area, 1), 3), "Reaching the plane …", Slot::Muted, look);
                return;
            }
        }
        match (self.tab, self.is_signed_in(self.tab.session())) {
            (Tab::Backup, false) => self.cards.system.view(area, buf, &self.model),
            (_, false) => self.cards.tenant.view(area, buf, &self.model),
            (Tab::Gateways, true) => self.gateways.view(area, buf, &self.model),
            (Tab::Backup, true) => self.backup.view(area, buf, &self.model),
            (Tab::Audits, true) => self.audits.view(area, buf, &self.model),
        }
    }

    fn view_hints(&self, area: Rect, buf: &mut Buffer) {
        let look = &self.model.look();
        if self.gateways.is_typing() && self.tab == Tab::Gateways {
            self.gateways.filter_line(area, buf, &self.model);
            return;
        }
        if self.backup.is_typing() && self.tab == Tab::Backup {
            self.backup.filter_line(area, buf, &self.model);
            return;
        }
        let hints: Vec<Hint> = match self.model.plane {
            PlaneState::Ready if self.is_signed_in(self.tab.session()) => match self.tab {
                Tab::Backup => self.backup.hints(&self.model),
                tab => hints(tab.scope()),
            },
            PlaneState::Ready => vec![
                Hint::new("Enter", "sign in"),
                Hint::new("Tab", "next field"),
                Hint::new("Alt-1 2 3", "tabs"),
                Hint::new("F1", "help"),
                Hint::new("Ctrl-C", "quit"),
            ],
            PlaneState::Starting => vec![Hint::new("q", "quit")],
            PlaneState::Failed(_) => {
                vec![Hint::new("Enter", "choose"), Hint::new("Tab", "next"), Hint::new("q", "quit")]
            }
        };
        Hints(&hints).render(after(area, 1), buf, look);
    }

    /// Where the terminal's cursor belongs: on what has the focus, so that magnifiers and braille displays follow it.
    #[must_use]
    pub fn cursor(&self, screen: Rect) -> Option<Position> {
        if is_too_small(screen) {
            return None;
        }
        if let Some(layer) = self.layers.last() {
            return layer.cursor(screen, &self.model);
        }
        let parts = split(screen, &self.model);
        match (&self.model.plane, &self.trouble, self.tab) {
            (PlaneState::Failed(_), Some(trouble), _) => trouble.cursor(parts.body),
            (PlaneState::Ready, _, Tab::Backup) if !self.is_signed_in(Tab::Backup.session()) => {
                self.cards.system.cursor(parts.body, &self.model)
            }
            (PlaneState::Ready, _, tab) if !self.is_signed_in(tab.session()) => {
                self.cards.tenant.cursor(parts.body, &self.model)
            }
            (PlaneState::Ready, _, Tab::Gateways) => self.gateways.cursor(parts.body, row(parts.hints, 1)),
            (PlaneState::Ready, _, Tab::Backup) => self.backup.cursor(parts.body, row(parts.hints, 1), &self.model),
            (PlaneState::Ready, _, Tab::Audits) => self.audits.cursor(parts.body),
            _ => None,
        }
    }
}

fn too_small(screen: Rect, buf: &mut Buffer, look: &Look) {
    let words = format!(
        "{}x{} is too small; enlarge it to {}x{}. Ctrl-C quits.",
        screen.width, screen.height, SMALLEST.0, SMALLEST.1
    );
    let lines = crate::tui::ui::draw::wrap(&words, screen.width);
    for (place, line) in lines.iter().enumerate() {
        slot(buf, row(screen, crate::tui::ui::draw::cells(place)), line, Slot::Text, look);
    }
    let at = row(screen, crate::tui::ui::draw::cells(lines.len()));
    slot(buf, at, "Nothing is lost.", Slot::Muted, look);
}
