//! What every screen and dialog may look at: the plane, the sessions, the gateways, the time. Only the
//! application changes it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use chrono::{DateTime, FixedOffset, Utc};

use ratatui::layout::Rect;

use super::backups::Backups;
use super::jobs::Jobs;
use super::link::{Prefill, Trouble};
use super::ui::{Glyphs, Look, Theme};
use crate::api::ext::Capabilities;
use crate::api::system::LoginBanner;
use crate::client::{SessionKind, Who};
use crate::ops::pcgs::{Inventory, Pcg};

/// The time, by the calendar and by the stopwatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// For people.
    pub wall: DateTime<Utc>,
    /// For deadlines.
    pub tick: Instant,
}

/// Whether there is a plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaneState {
    /// It is being started or looked for.
    Starting,
    /// It answers.
    Ready,
    /// It cannot be started, or not be reached.
    Failed(Trouble),
}

/// How fresh what is shown is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Freshness {
    /// When it was read last.
    pub read_at: Option<DateTime<Utc>>,
    /// Why the newest attempt failed, in words.
    pub failed: Option<String>,
    /// A read is under way.
    pub loading: bool,
}

/// The two sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sessions {
    /// The tenant administrator.
    pub tenant: Option<Who>,
    /// The system administrator.
    pub system: Option<Who>,
}

impl Sessions {
    /// Who is signed in.
    #[must_use]
    pub fn who(&self, kind: SessionKind) -> Option<&Who> {
        match kind {
            SessionKind::Tenant => self.tenant.as_ref(),
            SessionKind::System => self.system.as_ref(),
        }
    }

    /// Opens or closes a session.
    pub fn set(&mut self, kind: SessionKind, who: Option<Who>) {
        match kind {
            SessionKind::Tenant => self.tenant = who,
            SessionKind::System => self.system = who,
        }
    }
}

/// See the module.
pub struct Model {
    /// The time.
    pub now: Now,
    /// Styles.
    pub theme: Theme,
    /// Signs.
    pub glyphs: Glyphs,
    /// Whether there is a plane.
    pub plane: PlaneState,
    /// The plane in a few words.
    pub place: String,
    /// Whether the plane is the embedded one of a directory on this machine.
    pub local: bool,
    /// Version of the plane.
    pub version: Option<String>,
    /// What the plane can do.
    pub capabilities: Capabilities,
    /// Text to show before a login.
    pub banner: Option<LoginBanner>,
    /// What login cards are filled with.
    pub prefill: Prefill,
    /// Who is signed in.
    pub sessions: Sessions,
    /// What is known of gateways and clusters.
    pub inventory: Inventory,
    /// The gateways, joined; kept beside the inventory since every frame looks at them.
    pub pcgs: Vec<Pcg>,
    /// How fresh the gateways are.
    pub freshness: Freshness,
    /// Migrations of this session.
    pub jobs: Jobs,
    /// What is known of locations and backups.
    pub backups: Backups,
    /// How far the person's time zone is ahead of UTC at a moment.
    pub zone: fn(DateTime<Utc>) -> FixedOffset,
    /// Directory in which files are saved.
    pub save_dir: PathBuf,
    /// The whole screen.
    pub screen: Rect,
}

/// How often gateways are read anew while someone may be looking.
pub const REFRESH: Duration = Duration::from_secs(30);
/// How soon gateways are read anew where the plane could not be reached.
pub const LOOK_AGAIN: Duration = Duration::from_secs(5);

impl Model {
    /// A model of a plane that is not there yet.
    #[must_use]
    pub fn new(theme: Theme, glyphs: Glyphs, now: Now) -> Self {
        Self {
            now,
            theme,
            glyphs,
            plane: PlaneState::Starting,
            place: String::new(),
            local: false,
            version: None,
            capabilities: Capabilities::default(),
            banner: None,
            prefill: Prefill::default(),
            sessions: Sessions::default(),
            inventory: Inventory::default(),
            pcgs: Vec::new(),
            freshness: Freshness::default(),
            jobs: Jobs::default(),
            backups: Backups::default(),
            zone: crate::clock::here,
            save_dir: PathBuf::new(),
            screen: Rect::default(),
        }
    }

    /// How to draw.
    #[must_use]
    pub fn look(&self) -> Look<'_> {
        Look { theme: &self.theme, glyphs: &self.glyphs }
    }

    /// The part of the screen that the active tab has.
    #[must_use]
    pub fn body(&self) -> Rect {
        super::app::frame::split(self.screen, self).body
    }

    /// The gateway with a uid, as last read.
    #[must_use]
    pub fn pcg(&self, uid: &str) -> Option<&Pcg> {
        self.pcgs.iter().find(|pcg| pcg.uid == uid)
    }

    /// Changes what is known of the gateways, and joins it anew.
    pub fn learn(&mut self, change: impl FnOnce(&mut Inventory)) {
        change(&mut self.inventory);
        self.pcgs = self.inventory.pcgs();
    }
}
