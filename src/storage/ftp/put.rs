//! Writing: `NAME.part`, its size, a new name, its size.
//!
//! On plain FTP a server takes a connection that broke for the end of the file and says 226, so nothing but the size
//! tells a whole upload from a cut one; and a reply that was lost is no reason to send a segment again.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;

use super::Ftp;
use super::fault::{Fault, quoted};
use super::session::{Session, Size};
use super::transfer::UploadFault;
use crate::storage::{Kind, ObjectPath};

/// An upload across its tries.
struct Upload<'a> {
    path: &'a ObjectPath,
    bytes: Bytes,
    /// An earlier try may have left something under a name of ours.
    leftover: AtomicBool,
    /// A rename was sent whose answer did not come.
    renaming: AtomicBool,
}

impl Ftp {
    /// Stores an object, whole and confirmed.
    pub(super) async fn put_whole(&self, path: &ObjectPath, bytes: Bytes) -> Result<(), Fault> {
        let upload = Upload { path, bytes, leftover: AtomicBool::new(false), renaming: AtomicBool::new(false) };
        let outcome = self.persist(|| self.put_once(&upload)).await;
        if let Err(fault) = &outcome
            && matches!(fault.kind, Kind::Full | Kind::Denied | Kind::Interrupted | Kind::Protocol | Kind::Tls)
            && upload.leftover.load(Ordering::Relaxed)
        {
            self.tidy(&upload).await;
        }
        outcome
    }

    /// Where the bytes go first; the name itself where the server does not rename.
    fn first_name(&self, path: &ObjectPath) -> ObjectPath {
        let name = path.name();
        if self.memory(|memory| memory.no_rename) {
            return path.clone();
        }
        let part = path.folder().join(&format!("{name}.part")).or_else(|_| {
            // No room for a suffix: a shorter name that is still its own.
            let digest = ring::digest::digest(&ring::digest::SHA256, name.as_bytes());
            let short: String = digest.as_ref().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
            path.folder().join(&format!("{short}.part"))
        });
        part.unwrap_or_else(|_| path.clone())
    }

    async fn put_once(&self, upload: &Upload<'_>) -> Result<(), Fault> {
        let mut lease = self.lease().await?;
        let outcome = self.put_on(&mut lease.session, upload).await;
        let unsettled = match outcome {
            Err(UploadFault { fault, all_sent: true }) => fault,
            Err(UploadFault { fault, .. }) => {
                lease.settle::<()>(&Err(fault.clone()));
                return Err(fault);
            }
            Ok(()) => {
                lease.settle::<()>(&Ok(()));
                return Ok(());
            }
        };
        // All was sent, and the end is not known: what is there decides, seen by a session that is in step.
        drop(lease);
        let mut lease = self.lease().await?;
        let outcome = self.finish_on(&mut lease.session, upload).await;
        lease.settle(&outcome);
        outcome.map_err(|seen| {
            if seen.again && !unsettled.reason.is_empty() { Fault { again: true, ..unsettled } } else { seen }
        })
    }

    /// One try on one session.
    async fn put_on(&self, session: &mut Session, upload: &Upload<'_>) -> Result<(), UploadFault> {
        let early = |fault| UploadFault { fault, all_sent: false };
        let first = self.first_name(upload.path);
        self.prepare(session, &upload.path.folder()).await.map_err(early)?;
        if upload.leftover.load(Ordering::Relaxed) {
            if self.already_there(session, upload).await.map_err(early)? {
                return Ok(());
            }
            let left = session.absolute(first.as_str());
            match session.remove(&left).await {
                Err(fault) if !fault.sound => return Err(early(fault)),
                _ => {}
            }
        }
        self.store(session, upload, &first).await?;
        self.finish_on(session, upload).await.map_err(early)
    }

    /// Writes an empty object straight under its name, in place of one that is there.
    pub(super) async fn put_empty(&self, session: &mut Session, path: &ObjectPath) -> Result<(), Fault> {
        self.prepare(session, &path.folder()).await?;
        // One that is written over may keep its date.
        let at = session.absolute(path.as_str());
        match session.remove(&at).await {
            Err(fault) if !fault.sound => return Err(fault),
            _ => {}
        }
        let (leftover, renaming) = (AtomicBool::new(false), AtomicBool::new(false));
        let upload = Upload { path, bytes: Bytes::new(), leftover, renaming };
        self.store(session, &upload, path).await.map_err(|failed| failed.fault)
    }

    /// Whether a rename of an earlier try did go through.
    async fn already_there(&self, session: &mut Session, upload: &Upload<'_>) -> Result<bool, Fault> {
        if !upload.renaming.load(Ordering::Relaxed) {
            return Ok(false);
        }
        Ok(self.look_on(session, upload.path).await? == Some(upload.bytes.len() as u64))
    }

    /// Sends the bytes. A folder that was there and is gone is made again.
    async fn store(&self, session: &mut Session, upload: &Upload<'_>, name: &ObjectPath) -> Result<(), UploadFault> {
        let at = session.absolute(name.as_str());
        let folder = name.folder();
        let mut outcome = session.upload(&at, &upload.bytes).await;
        if let Err(UploadFault { fault, all_sent: false }) = &outcome
            && fault.sound
            && matches!(fault.code, 550 | 553)
        {
            self.remember(|memory| memory.folders.retain(|known| *known != folder));
            self.prepare(session, &folder).await.map_err(|fault| UploadFault { fault, all_sent: false })?;
            outcome = session.upload(&at, &upload.bytes).await;
        }
        let refused = |fault: &Fault| fault.sound && fault.refused();
        if !matches!(&outcome, Err(UploadFault { fault, all_sent: false }) if refused(fault)) {
            upload.leftover.store(true, Ordering::Relaxed);
        }
        if outcome.is_ok() {
            self.remember(|memory| memory.way_proved = true);
        }
        // A server that says why it kept nothing is believed.
        outcome.map_err(|failed| {
            let told = matches!(failed.fault.kind, Kind::Full | Kind::Denied);
            UploadFault { all_sent: failed.all_sent && !told, ..failed }
        })
    }

    /// From bytes that were sent to an object that is there: size, name, size.
    async fn finish_on(&self, session: &mut Session, upload: &Upload<'_>) -> Result<(), Fault> {
        let first = self.first_name(upload.path);
        self.confirm(session, &first, upload.bytes.len()).await?;
        if first != *upload.path {
            upload.renaming.store(true, Ordering::Relaxed);
            let (from, to) = (session.absolute(first.as_str()), session.absolute(upload.path.as_str()));
            match session.rename(&from, &to).await {
                Ok(()) => {}
                Err(fault) if fault.sound && fault.refused() => {
                    upload.renaming.store(false, Ordering::Relaxed);
                    self.rename_refused(session, upload, &from, &to, fault).await?;
                }
                // The reply is lost: the next try looks for both names.
                Err(fault) => return Err(Fault { again: true, ..fault }),
            }
            self.confirm(session, upload.path, upload.bytes.len()).await?;
        }
        self.learn_clock(session, upload.path).await
    }

    /// That a file has its size.
    pub(super) async fn confirm(&self, session: &mut Session, path: &ObjectPath, bytes: usize) -> Result<(), Fault> {
        let seen = self.look_on(session, path).await?;
        if seen == Some(bytes as u64) {
            return Ok(());
        }
        let words = match seen {
            Some(seen) => format!("the server holds {seen} of {bytes} bytes"),
            None => "the server took it and does not show it".to_owned(),
        };
        Err(Fault::new(Kind::Interrupted, words).on_sound_session())
    }

    /// Something is in the way of the new name, or the server does not rename at all: then it goes straight to its name.
    async fn rename_refused(
        &self,
        session: &mut Session,
        upload: &Upload<'_>,
        from: &str,
        to: &str,
        told: Fault,
    ) -> Result<(), Fault> {
        if let Size::Of(_) = session.size(to).await? {
            session.remove(to).await?;
            return session.rename(from, to).await;
        }
        if let Size::Missing = session.size(from).await? {
            return Err(Fault { kind: Kind::Interrupted, again: true, ..told });
        }
        match session.remove(from).await {
            Err(fault) if !fault.sound => return Err(fault),
            _ => {}
        }
        self.remember(|memory| memory.no_rename = true);
        self.store(session, upload, upload.path).await.map_err(|failed| Fault { again: true, ..failed.fault })
    }

    /// Makes the folders that are not there, level by level, those of the location's own directory included.
    pub(super) async fn prepare(&self, session: &mut Session, folder: &ObjectPath) -> Result<(), Fault> {
        if self.memory(|memory| memory.folders.contains(folder)) {
            return Ok(());
        }
        let at = session.absolute(folder.as_str());
        if !session.enter(&at).await? {
            for level in self.levels(session, folder) {
                if !session.enter(&level).await? {
                    session.make(&level).await.map_err(|fault| not_made(&level, fault))?;
                }
            }
        }
        self.remember(|memory| {
            memory.folders.insert(folder.clone());
        });
        Ok(())
    }

    /// The paths of a folder's levels, outermost first, from below where the login leads.
    fn levels(&self, session: &Session, folder: &ObjectPath) -> Vec<String> {
        let base: Vec<&str> = session.base.split('/').filter(|part| !part.is_empty()).collect();
        let given = base.len().saturating_sub(self.dir.parts.len());
        let mut path = String::new();
        let mut levels = Vec::new();
        for (depth, part) in base.iter().copied().chain(folder.parts()).enumerate() {
            path = path + "/" + part;
            if depth >= given {
                levels.push(path.clone());
            }
        }
        levels
    }

    /// Removes what a failed upload may have left, as far as that goes.
    async fn tidy(&self, upload: &Upload<'_>) {
        let Ok(mut lease) = self.lease().await else { return };
        let at = lease.session.absolute(self.first_name(upload.path).as_str());
        let outcome = lease.session.remove(&at).await;
        lease.settle(&outcome);
    }
}

/// A folder that is not there and cannot be made.
fn not_made(level: &str, told: Fault) -> Fault {
    if !matches!(told.kind, Kind::Denied | Kind::NotFound | Kind::Protocol) || told.code == 0 {
        return told;
    }
    let level = quoted(level);
    let reason = format!("the folder {level} is not there and cannot be made: {}", told.reason);
    let advice = "Check the directory's name, or have it made and given to the account.".to_owned();
    Fault { kind: Kind::NoSuchPlace, reason, advice, ..told }
}
