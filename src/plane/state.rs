//! What every request and every job shares.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Transaction;
use tokio::sync::{Mutex, Semaphore, mpsc};

use super::actor::Actor;
use super::auth::token::Keyring;
use super::backups::Backups;
use super::failure::{Failure, Refusal};
use super::store::audits::{self, Entry};
use super::store::{Store, clusters, gateways};
use super::uid;
use crate::api::ActionType;
use crate::api::audit::AuditResource;
use crate::clock::SharedClock;

/// What a plane is, across restarts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Uid of the plane.
    pub plane_uid: String,
    /// Uid of its tenant.
    pub tenant_uid: String,
    /// Name of its tenant.
    pub org: String,
    /// Filled with sample inventory.
    pub sandbox: bool,
}

/// A value that a restore replaces while the plane runs.
pub struct Current<T>(RwLock<Arc<T>>);

impl<T> Current<T> {
    /// This value, for now.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(RwLock::new(Arc::new(value)))
    }

    /// The value of this moment.
    #[must_use]
    pub fn get(&self) -> Arc<T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces it.
    pub fn set(&self, value: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(value);
    }
}

/// A running plane.
pub struct Plane {
    /// Database.
    pub store: Store,
    /// What time it is.
    pub clock: SharedClock,
    /// Signs and reads tokens.
    pub keyring: Current<Keyring>,
    /// Who this is.
    pub identity: Current<Identity>,
    /// How long a token lasts.
    pub token_lifetime: TimeDelta,
    /// Pause between two clusters of a migration.
    pub migration_pace: Duration,
    /// Answer 429 as a hosted Palette does.
    pub rate_limits: bool,
    /// Longest that one request may take.
    pub request_timeout: Duration,
    /// Logins run one after the other: wrong passwords that come at once must all be counted.
    pub login_gate: Mutex<()>,
    /// Places before that gate, so that a flood of logins is turned away and not queued.
    pub login_queue: Semaphore,
    /// Numbers of migrations to run.
    pub orders: mpsc::UnboundedSender<i64>,
    /// Everything about backups.
    pub backups: Backups,
}

/// The plane, as handlers receive it.
pub type SharedPlane = Arc<Plane>;

/// Something that someone tries to do; the trail tells of it whether or not it happens.
#[derive(Clone)]
pub struct Attempt {
    /// Who.
    pub actor: Actor,
    /// Kind of action.
    pub action: ActionType,
    /// What, in a few words.
    pub title: &'static str,
    /// To what. A missing name is looked up.
    pub resource: AuditResource,
}

impl Attempt {
    /// The entry that tells of it.
    #[must_use]
    pub fn entry(self, content: String) -> Entry {
        Entry { action: self.action, title: self.title.to_owned(), content, actor: self.actor, resource: self.resource }
    }
}

/// Resource kinds of the audit trail. The API leaves the words open.
pub mod kind {
    /// A gateway.
    pub const GATEWAY: &str = "privategateway";
    /// A cluster.
    pub const CLUSTER: &str = "spectrocluster";
    /// An account.
    pub const USER: &str = "user";
    /// The plane itself.
    pub const SYSTEM: &str = "system";
    /// An entry of the trail.
    pub const AUDIT: &str = "audit";
    /// A backup.
    pub const BACKUP: &str = "backup";
    /// A location of backups.
    pub const LOCATION: &str = "location";
    /// A recovery key.
    pub const RECOVERY_KEY: &str = "recoverykey";
}

/// A resource that goes by a name: backups, locations and keys.
#[must_use]
pub fn named(kind: &str, name: &str) -> AuditResource {
    AuditResource { uid: name.to_owned(), kind: kind.to_owned(), name: name.to_owned(), label: name.to_owned() }
}

/// A resource of which the caller knows only the uid.
#[must_use]
pub fn resource(kind: &str, uid: &str) -> AuditResource {
    AuditResource { uid: uid.to_owned(), kind: kind.to_owned(), ..AuditResource::default() }
}

fn with_name(transaction: &Transaction<'_>, mut resource: AuditResource) -> rusqlite::Result<AuditResource> {
    if resource.name.is_empty() {
        let name = match resource.kind.as_str() {
            kind::GATEWAY => gateways::get(transaction, &resource.uid)?.map(|found| found.name),
            kind::CLUSTER => clusters::get(transaction, &resource.uid)?.map(|found| found.name),
            _ => None,
        };
        resource.name = name.unwrap_or_default();
    }
    resource.label.clone_from(&resource.name);
    Ok(resource)
}

impl Plane {
    /// The current time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Tries a change. What happened, or why it did not, goes to the trail: a change in the same
    /// transaction, a refusal in its own. `work` returns its value and the sentence for the trail.
    ///
    /// # Errors
    /// What `work` refuses, or the storage.
    pub async fn change<T, F>(&self, mut attempt: Attempt, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>, DateTime<Utc>) -> Result<(T, String), Failure> + Send + 'static,
    {
        let now = self.now();
        let refused = attempt.clone();
        let outcome = self
            .store
            .write(move |transaction| {
                attempt.resource = with_name(transaction, attempt.resource)?;
                let (value, content) = work(transaction, now)?;
                audits::record(transaction, now, &attempt.entry(content))?;
                Ok(value)
            })
            .await;
        if let Err(failure) = &outcome {
            self.note_refusal(refused, failure.to_string()).await;
        }
        outcome
    }

    /// Writes to the trail what changed nothing here, such as a place that was tried; the uid of the entry.
    ///
    /// # Errors
    /// Those of the storage.
    pub async fn note(&self, attempt: Attempt, content: String) -> Result<String, Failure> {
        let (now, entry_uid) = (self.now(), uid::fresh());
        let told = entry_uid.clone();
        self.store
            .write(move |transaction| audits::insert(transaction, now, &entry_uid, "", &attempt.entry(content)))
            .await?;
        Ok(told)
    }

    /// Writes a refusal to the trail. The answer to the request stands whether or not that succeeds.
    pub async fn note_refusal(&self, mut attempt: Attempt, why: String) {
        let now = self.now();
        let written = self
            .store
            .write(move |transaction| {
                attempt.resource = with_name(transaction, attempt.resource)?;
                audits::record(transaction, now, &attempt.entry(format!("Refused: {why}")))
            })
            .await;
        if let Err(error) = written {
            tracing::warn!(%error, "a refusal is missing from the audit trail");
        }
    }

    /// The gateway with this uid, or the refusal that says there is none.
    ///
    /// # Errors
    /// Where there is none.
    pub fn gateway(connection: &rusqlite::Connection, uid: &str) -> Result<gateways::Gateway, Failure> {
        gateways::get(connection, uid)?.ok_or_else(|| Refusal::not_found("private gateway", uid).into())
    }
}
