//! What travels between the pure core and the world: requests out, answers in. All of it is data.

pub mod backup;

use std::path::PathBuf;

use crate::api::audit::AuditQuery;
use crate::api::ext::Capabilities;
use crate::api::overlord::Overlord;
use crate::api::system::LoginBanner;
use crate::client::{Error, Login, SessionKind, Who};
use crate::ops::audits::Page;
use crate::ops::pcgs::{Clouds, ClusterRef};
use crate::ops::rename::RenameError;
use crate::ops::{delete, migrate};

use super::link::Order;

/// Something for the world to do.
#[derive(Debug)]
pub enum Effect {
    /// Ask the plane something; the answer comes back as an [`Answer`].
    Ask(Request),
    /// Put a text onto the terminal's clipboard.
    Copy(String),
    /// Write a text to a file beside which no other is overwritten.
    Save {
        /// Directory.
        dir: PathBuf,
        /// Name to begin with.
        name: String,
        /// Content.
        text: String,
    },
    /// Say something to the keeper of the plane.
    Order(Order),
    /// Note that the person is active, so that sessions are renewed.
    Touch,
    /// Draw everything anew.
    Redraw,
    /// Stop the process until it is continued.
    Suspend,
    /// End the program.
    Quit,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Release(_) => "Release",
            Self::Resume => "Resume",
            Self::Retry => "Retry",
            Self::SetAside => "SetAside",
            Self::Credentials => "Credentials",
        })
    }
}

/// A question to the plane. Of each kind only the newest is waited for; changes are never abandoned.
#[derive(Clone, Debug)]
pub enum Request {
    /// What the plane can do, and what it wants to be shown before a login.
    Greeting,
    /// Version of the plane.
    Version,
    /// Open a session.
    Login(Login),
    /// All gateways.
    Gateways,
    /// Cloud types of these clusters.
    Clouds(Vec<String>),
    /// All clusters with the gateway that each references.
    Clusters,
    /// The newest audit entries about a gateway.
    History(String),
    /// A page of the audit logs.
    Audits(AuditQuery),
    /// Look at a migration before it is begun.
    MigratePreflight {
        /// Uid of the source.
        source: String,
        /// Uid of the target.
        target: String,
    },
    /// Begin a migration and watch it.
    Migrate(Box<migrate::Plan>),
    /// Watch a migration that was begun before.
    Watch(Box<migrate::Plan>),
    /// Look at a deletion before it is begun.
    DeletePreflight(String),
    /// Delete a gateway.
    Delete(Box<delete::Plan>),
    /// Give a gateway another name.
    Rename {
        /// Uid of the gateway.
        uid: String,
        /// The new name.
        name: String,
    },
    /// Something about backups.
    Backup(backup::Ask),
}

/// The kind of a request: a newer one of the same kind takes the place of an older one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// See [`Request::Greeting`].
    Greeting,
    /// See [`Request::Version`].
    Version,
    /// See [`Request::Login`].
    Login(SessionKind),
    /// See [`Request::Gateways`].
    Gateways,
    /// See [`Request::Clouds`].
    Clouds,
    /// See [`Request::Clusters`].
    Clusters,
    /// See [`Request::History`].
    History,
    /// See [`Request::Audits`].
    Audits,
    /// See [`Request::MigratePreflight`] and [`Request::DeletePreflight`].
    Preflight,
    /// A question about backups.
    Backup(backup::About),
    /// A change to the gateway with this uid, or to something else that is named: never abandoned.
    Change(String),
}

impl Request {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Greeting => Kind::Greeting,
            Self::Version => Kind::Version,
            Self::Login(login) => Kind::Login(login.kind()),
            Self::Gateways => Kind::Gateways,
            Self::Clouds(_) => Kind::Clouds,
            Self::Clusters => Kind::Clusters,
            Self::History(_) => Kind::History,
            Self::Audits(_) => Kind::Audits,
            Self::MigratePreflight { .. } | Self::DeletePreflight(_) => Kind::Preflight,
            Self::Migrate(plan) | Self::Watch(plan) => Kind::Change(plan.source.uid.clone()),
            Self::Delete(plan) => Kind::Change(plan.pcg.uid.clone()),
            Self::Rename { uid, .. } => Kind::Change(uid.clone()),
            Self::Backup(ask) => ask.about().map_or_else(|| Kind::Change(ask.change()), Kind::Backup),
        }
    }

    /// Whether it changes something, so that it is never repeated.
    #[must_use]
    pub fn is_change(&self) -> bool {
        match self {
            Self::Migrate(_) | Self::Delete(_) | Self::Rename { .. } | Self::Login(_) => true,
            Self::Backup(ask) => ask.about().is_none(),
            _ => false,
        }
    }

    /// The session that it needs.
    #[must_use]
    pub fn session(&self) -> SessionKind {
        match self {
            Self::Version | Self::Backup(_) => SessionKind::System,
            Self::Login(login) => login.kind(),
            _ => SessionKind::Tenant,
        }
    }
}

/// What a plane says before anyone signs in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Greeting {
    /// What it can do.
    pub capabilities: Capabilities,
    /// Text to show before a login.
    pub banner: Option<LoginBanner>,
}

/// What came of a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The plane can be reached.
    Greeting(Result<Greeting, Error>),
    /// Version of the plane.
    Version(Result<String, Error>),
    /// A session was opened.
    Login(SessionKind, Result<Who, Error>),
    /// All gateways.
    Gateways(Result<Vec<Overlord>, Error>),
    /// Cloud types.
    Clouds(Result<Clouds, Error>),
    /// All clusters.
    Clusters(Result<Vec<ClusterRef>, Error>),
    /// The newest audit entries about the gateway with this uid.
    History(String, Result<Page, Error>),
    /// A page of the audit logs, and the question that it answers.
    Audits(AuditQuery, Result<Page, Error>),
    /// A migration was looked at.
    MigratePreflight(Result<Box<migrate::Plan>, migrate::PreflightError>),
    /// Something happened in the migration of the gateway with this uid.
    Migration(String, migrate::Progress),
    /// The migration of the gateway with this uid is over, or out of sight.
    MigrationEnded(String, Result<Box<migrate::Proof>, migrate::MigrateError>),
    /// A deletion was looked at; `None` where the gateway is gone already.
    DeletePreflight(Result<Option<Box<delete::Plan>>, Error>),
    /// A gateway was deleted.
    Deleted(String, Result<Box<delete::Deleted>, delete::DeleteError>),
    /// A gateway was renamed.
    Renamed(String, Result<(), RenameError>),
    /// Something about backups.
    Backup(backup::Told),
    /// A file was written, or not.
    Saved(Result<PathBuf, String>),
    /// What became of a text for the clipboard, in words.
    Copied(String),
}
