//! The server's clock. FTP has no word for it, so it is read off the date of an object that was just written.

use chrono::{DateTime, TimeDelta, Utc};

use super::Ftp;
use super::fault::Fault;
use super::session::Session;
use crate::storage::{Kind, ObjectPath, ServerClock, is_fresh, scratch};

/// Longest that a reading counts where the server has no room for another one. A clock of ours that went wrong since then
/// makes a backup look older by no more than this.
const LAST_RESORT: TimeDelta = TimeDelta::hours(24);

/// What the server last said of its clock.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Reading {
    /// It was not asked yet.
    #[default]
    None,
    /// It was asked then, and the answer did not come.
    Lost(DateTime<Utc>),
    /// It was asked then, and does not say.
    Silent(DateTime<Utc>),
    /// It said.
    Told(ServerClock),
}

impl Reading {
    /// When it was asked, by our clock.
    fn asked(self) -> Option<DateTime<Utc>> {
        match self {
            Self::None => None,
            Self::Lost(at) | Self::Silent(at) => Some(at),
            Self::Told(clock) => Some(clock.ours),
        }
    }

    /// What it answered, if it did so by then: its time, or none where it does not say.
    fn answer(self, counts: impl FnOnce(DateTime<Utc>) -> bool) -> Option<Option<ServerClock>> {
        let answer = match self {
            Self::None | Self::Lost(_) => return None,
            Self::Silent(_) => None,
            Self::Told(clock) => Some(clock),
        };
        self.asked().filter(|asked| counts(*asked)).map(|_| answer)
    }

    /// What it said.
    pub(super) fn told(self) -> Option<ServerClock> {
        if let Self::Told(clock) = self { Some(clock) } else { None }
    }
}

impl Ftp {
    /// Reads the clock off an object that was just written, where the last reading is old.
    pub(super) async fn learn_clock(&self, session: &mut Session, path: &ObjectPath) -> Result<(), Fault> {
        let ours = self.clock.now();
        if self.memory(|memory| memory.clock).asked().is_some_and(|asked| is_fresh(asked, ours)) {
            return Ok(());
        }
        // A server that hangs up at this question is not asked again by the next try to write.
        self.remember(|memory| memory.clock = Reading::Lost(ours));
        let at = session.absolute(path.as_str());
        let server = session.modified(&at).await?;
        let reading = server.map_or(Reading::Silent(ours), |server| Reading::Told(ServerClock { server, ours }));
        self.remember(|memory| memory.clock = reading);
        Ok(())
    }

    /// The clock by a reading that is not old: where there is none, something is written for it. It is empty, which most
    /// servers take even where they are full; of one that does not, an older reading has to do.
    pub(super) async fn ask_clock_anew(&self) -> Result<Option<ServerClock>, Fault> {
        let (now, last) = (self.clock.now(), self.memory(|memory| memory.clock));
        if let Some(answer) = last.answer(|asked| is_fresh(asked, now)) {
            return Ok(answer);
        }
        let path = scratch::for_time();
        let outcome = self.persist(|| self.write_and_date(&path)).await;
        // One that stays is written over by the next question: there is never more than one.
        if let Err(fault) = self.remove_object(&path).await {
            tracing::debug!(reason = fault.reason, "what was written for the server's time stays");
        }
        match outcome {
            Ok(reading) => {
                self.remember(|memory| memory.clock = reading);
                Ok(reading.told())
            }
            Err(fault) if fault.kind == Kind::Full => {
                let counts = |asked| (TimeDelta::zero()..=LAST_RESORT).contains(&(now - asked));
                last.answer(counts).ok_or_else(|| too_full(fault))
            }
            Err(fault) => Err(fault),
        }
    }

    async fn write_and_date(&self, path: &ObjectPath) -> Result<Reading, Fault> {
        let mut lease = self.lease().await?;
        let outcome = self.write_and_date_on(&mut lease.session, path).await;
        lease.settle(&outcome);
        outcome
    }

    async fn write_and_date_on(&self, session: &mut Session, path: &ObjectPath) -> Result<Reading, Fault> {
        self.put_empty(session, path).await?;
        let ours = self.clock.now();
        let at = session.absolute(path.as_str());
        if let Some(server) = session.modified(&at).await? {
            return Ok(Reading::Told(ServerClock { server, ours }));
        }
        // Another plane, which asks at the same moment, may have removed it: that is no server that does not say.
        self.confirm(session, path, 0).await?;
        Ok(Reading::Silent(ours))
    }
}

/// A server that cannot be asked because it is full, and was not for long.
fn too_full(told: Fault) -> Fault {
    let why =
        "the server has no room for the empty object that its time is read off, and did not tell it in the last day";
    let advice =
        "Delete backups by hand until there is room again: none is deleted by its age without the server's time.";
    Fault { reason: format!("{why}: {}", told.reason), advice: advice.to_owned(), ..told }
}
