//! The server's clock. FTP has no word for it, so it is read off the date of an object that was just written.

use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::Ftp;
use super::fault::Fault;
use super::session::Session;
use crate::storage::{Kind, ObjectPath, ServerClock, is_fresh, scratch};

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
    /// servers take even where they are full.
    pub(super) async fn ask_clock_anew(&self) -> Result<Option<ServerClock>, Fault> {
        let now = self.clock.now();
        let fresh = |reading: Reading| match reading {
            Reading::Silent(at) if is_fresh(at, now) => Some(None),
            Reading::Told(clock) if is_fresh(clock.ours, now) => Some(Some(clock)),
            _ => None,
        };
        if let Some(known) = fresh(self.memory(|memory| memory.clock)) {
            return Ok(known);
        }
        self.remember(|memory| memory.clock = Reading::None);
        let path = scratch::fresh(now);
        self.put_whole(&path, Bytes::new()).await?;
        self.persist(|| self.remove_object(&path)).await?;
        match self.memory(|memory| memory.clock) {
            Reading::Told(clock) => Ok(Some(clock)),
            Reading::Silent(_) => Ok(None),
            Reading::None | Reading::Lost(_) => {
                Err(Fault::new(Kind::Interrupted, "the server did not answer when it was asked for its time"))
            }
        }
    }
}
