//! Where keys go: to the top dialog, the login card, the filter, or through the command table to the tab.

use crate::tui::command::{Command, Scope, find};
use crate::tui::layer::{Act, Acts, Tone};
use crate::tui::model::PlaneState;
use crate::tui::msg::Effect;
use crate::tui::runtime::key::Key;
use crate::tui::screens::gateways::progress::ProgressDialog;
use crate::tui::screens::help;
use crate::tui::screens::leave::Leave;

use super::frame::is_too_small;
use super::{App, Tab};

impl App {
    pub(super) fn on_key(&mut self, key: Key) -> Acts {
        match find(Scope::Everywhere, key) {
            Some(command @ (Command::Suspend | Command::Redraw)) => return self.on_global(command),
            Some(Command::Quit) if key.typed().is_none() => return self.on_global(Command::Quit),
            _ => {}
        }
        // What cannot be seen must not be started.
        if is_too_small(self.model.screen) {
            return Acts::new();
        }
        if let Some(layer) = self.layers.last_mut() {
            return match layer.on_key(key, &self.model) {
                Some(acts) => acts,
                None if find(Scope::Everywhere, key) == Some(Command::Help) => self.on_global(Command::Help),
                None => Acts::new(),
            };
        }
        match &self.model.plane {
            PlaneState::Ready => self.on_tab_key(key),
            PlaneState::Starting if find(Scope::Everywhere, key) == Some(Command::Quit) => {
                self.on_global(Command::Quit)
            }
            PlaneState::Starting => Acts::new(),
            PlaneState::Failed(_) => self.trouble.as_mut().and_then(|screen| screen.on_key(key)).unwrap_or_default(),
        }
    }

    fn on_tab_key(&mut self, key: Key) -> Acts {
        let session = self.tab.session();
        if !self.is_signed_in(session) {
            return match self.cards.of(session).on_key(key, &self.model) {
                Some(acts) => acts,
                None => find(Scope::Everywhere, key).map(|command| self.on_global(command)).unwrap_or_default(),
            };
        }
        if self.tab == Tab::Gateways
            && let Some(acts) = self.gateways.on_filter_key(key, &self.model)
        {
            return acts;
        }
        if self.tab == Tab::Backup
            && let Some(acts) = self.backup.on_filter_key(key, &self.model)
        {
            return acts;
        }
        match find(self.tab.scope(), key) {
            Some(command) => self.on_command(command),
            None => match self.tab {
                Tab::Gateways => self.gateways.on_key(key, &self.model),
                Tab::Audits => self.audits.on_key(key, &self.model),
                Tab::Backup => self.backup.on_key(key, &self.model),
            }
            .unwrap_or_default(),
        }
    }

    fn on_command(&mut self, command: Command) -> Acts {
        if command == Command::Dismiss && self.toasts.dismiss() {
            return Acts::new();
        }
        let done = match self.tab {
            Tab::Gateways => self.gateways.on_command(command, &self.model),
            Tab::Audits => self.audits.on_command(command),
            Tab::Backup => self.backup.on_command(command, &self.model),
        };
        done.unwrap_or_else(|| self.on_global(command))
    }

    fn on_global(&mut self, command: Command) -> Acts {
        match command {
            Command::NextTab => self.show_tab(self.tab.place() + 1),
            Command::PreviousTab => self.show_tab(self.tab.place() + Tab::ALL.len() - 1),
            Command::Tab(number) => self.show_tab(usize::from(number.saturating_sub(1))),
            Command::Help => vec![Act::Open(Box::new(help::page(self.tab.scope())))],
            Command::Errors => vec![Act::Open(Box::new(self.errors.page()))],
            Command::Jobs => self.watch(),
            Command::Refresh if !self.is_signed_in(self.tab.session()) => Acts::new(),
            Command::Refresh if self.tab == Tab::Backup => self.reread_changed_backups(),
            Command::Refresh => self.reread(),
            Command::Redraw => vec![Act::Effect(Effect::Redraw)],
            Command::Suspend => vec![Act::Effect(Effect::Suspend)],
            Command::Quit if self.layers.iter().any(|layer| layer.asks_to_leave()) => Acts::new(),
            Command::Quit if self.is_busy() => vec![Act::Open(Box::new(Leave::default()))],
            Command::Quit => vec![Act::Effect(Effect::Quit)],
            Command::Dismiss => {
                self.toasts.dismiss();
                Acts::new()
            }
            _ => Acts::new(),
        }
    }

    /// Whether something goes on that leaving may cut short.
    fn is_busy(&self) -> bool {
        self.model.jobs.running().next().is_some() || self.model.backups.active().next().is_some()
    }

    fn watch(&self) -> Acts {
        match self.model.jobs.latest() {
            Some(job) => vec![Act::Open(Box::new(ProgressDialog::reopened(job)))],
            None => vec![Act::Notice(Tone::Info, "No migration was begun in this session.".to_owned())],
        }
    }

    fn show_tab(&mut self, place: usize) -> Acts {
        self.tab = Tab::ALL.get(place % Tab::ALL.len()).copied().unwrap_or_default();
        match self.tab {
            Tab::Audits if self.is_signed_in(self.tab.session()) => self.audits.enter(),
            Tab::Backup if self.is_signed_in(self.tab.session()) => self.enter_backups(),
            _ => Acts::new(),
        }
    }

    pub(super) fn on_paste(&mut self, text: &str) -> Acts {
        let session = self.tab.session();
        if let Some(layer) = self.layers.last_mut() {
            layer.on_paste(text);
        } else if !self.is_signed_in(session) {
            self.cards.of(session).on_paste(text);
        } else if self.tab == Tab::Backup {
            self.backup.on_paste(text, &self.model);
        } else {
            self.gateways.on_paste(text, &self.model);
        }
        Acts::new()
    }
}
