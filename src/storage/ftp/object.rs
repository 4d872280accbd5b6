//! Reading, looking, listing, deleting.

use bytes::Bytes;
use futures_util::future::join_all;

use super::fault::Fault;
use super::listing::{self, Line};
use super::session::{Session, Size};
use super::transfer::Download;
use super::{Ftp, ListedBy};
use crate::storage::{Entry, Kind, Listing, ObjectPath};
use crate::text::clean;

/// Most bytes of one listing.
const LONGEST_LISTING: usize = 16 << 20;

/// Folders below each other that a walk goes into: a link to a folder above would lead in circles.
const DEEPEST: usize = 16;

impl Ftp {
    /// A whole object.
    pub(super) async fn read(&self, path: &ObjectPath, most: usize) -> Result<Bytes, Fault> {
        let mut lease = self.lease().await?;
        let outcome = self.read_on(&mut lease.session, path, most).await;
        match outcome {
            Ok((bytes, true)) => {
                lease.settle::<()>(&Ok(()));
                Ok(bytes)
            }
            // The bytes are whole, the session is not in step any more.
            Ok((bytes, false)) => Ok(bytes),
            Err(fault) => {
                lease.settle::<()>(&Err(fault.clone()));
                Err(fault)
            }
        }
    }

    /// The bytes, and whether the transfer ended cleanly.
    async fn read_on(&self, session: &mut Session, path: &ObjectPath, most: usize) -> Result<(Bytes, bool), Fault> {
        let at = session.absolute(path.as_str());
        let size = session.size(&at).await?;
        if let Size::Of(bytes) = size
            && bytes > most as u64
        {
            let words = format!("it has {bytes} bytes, and at most {most} were expected");
            return Err(Fault::new(Kind::Mismatch, words).on_sound_session());
        }
        let download = match session.download(format!("RETR {at}"), most).await {
            Ok(download) => download,
            Err(fault) if fault.sound && is_absence(&fault) => return Err(self.why_not(session, path, fault).await?),
            Err(fault) => return Err(fault),
        };
        self.remember(|memory| memory.way_proved = true);
        let got = download.bytes.len() as u64;
        match (size, download.cut) {
            (Size::Of(bytes), cut) if bytes == got => Ok((download.bytes, cut.is_none())),
            // Some servers begin to send before they notice that there is nothing.
            (_, Some(fault)) if got == 0 && fault.sound && is_absence(&fault) => {
                Err(self.why_not(session, path, fault).await?)
            }
            (Size::Of(bytes), cut) => {
                let why = cut.map_or(String::new(), |fault| format!("; {}", fault.reason));
                Err(Fault::new(Kind::Interrupted, format!("only {got} of {bytes} bytes came{why}")))
            }
            (_, Some(cut)) => Err(Fault { sound: false, ..cut }),
            (_, None) => Ok((download.bytes, true)),
        }
    }

    /// What a refusal to hand out or remove something means: that it is not there, or that it may not be had.
    async fn why_not(&self, session: &mut Session, path: &ObjectPath, told: Fault) -> Result<Fault, Fault> {
        if self.entry(session, path).await?.is_some() {
            let kind = if told.kind == Kind::NotFound { Kind::Denied } else { told.kind };
            return Ok(Fault { kind, ..told });
        }
        Ok(Fault::new(Kind::NotFound, "there is no such object").on_sound_session())
    }

    /// The line of an object in the listing of its folder.
    pub(super) async fn entry(&self, session: &mut Session, path: &ObjectPath) -> Result<Option<Entry>, Fault> {
        let listing = self.list_on(session, &path.folder()).await?;
        Ok(listing.entries.into_iter().find(|entry| entry.path == *path))
    }

    /// The size of an object by whatever the server offers; `None` where there is none.
    pub(super) async fn look_on(&self, session: &mut Session, path: &ObjectPath) -> Result<Option<u64>, Fault> {
        let at = session.absolute(path.as_str());
        if let Size::Of(bytes) = session.size(&at).await? {
            return Ok(Some(bytes));
        }
        match self.entry(session, path).await? {
            None => Ok(None),
            Some(Entry { bytes: Some(bytes), .. }) => Ok(Some(bytes)),
            Some(_) => Err(Fault::new(
                Kind::Protocol,
                "neither SIZE nor the listing tells its size, so no upload can be confirmed",
            )
            .advised("Have the server allow SIZE or MLSD.")
            .on_sound_session()),
        }
    }

    /// See [`Ftp::look_on`].
    pub(super) async fn look(&self, path: &ObjectPath) -> Result<Option<u64>, Fault> {
        let mut lease = self.lease().await?;
        let outcome = self.look_on(&mut lease.session, path).await;
        lease.settle(&outcome);
        outcome
    }

    /// What lies in a folder.
    pub(super) async fn list_folder(&self, folder: &ObjectPath) -> Result<Listing, Fault> {
        let mut lease = self.lease().await?;
        let outcome = self.list_on(&mut lease.session, folder).await;
        lease.settle(&outcome);
        outcome
    }

    pub(super) async fn list_on(&self, session: &mut Session, folder: &ObjectPath) -> Result<Listing, Fault> {
        let at = session.absolute(folder.as_str());
        if session.enter(&at).await? {
            return self.list_here(session, folder).await;
        }
        // Missing, or there and not to be entered: servers give one answer for both.
        let above = folder.folder();
        let top = session.absolute(above.as_str());
        if folder.as_str().is_empty() || !session.enter(&top).await? {
            return Ok(Listing::default());
        }
        if !self.list_here(session, &above).await?.folders.iter().any(|name| name == folder.name()) {
            return Ok(Listing::default());
        }
        if session.enter(&at).await? {
            return self.list_here(session, folder).await;
        }
        Err(closed("the folder is there, and the account may not enter it"))
    }

    /// The directory that the session is in, which is `folder`.
    async fn list_here(&self, session: &mut Session, folder: &ObjectPath) -> Result<Listing, Fault> {
        loop {
            let by = self.memory(|memory| memory.listed_by);
            let (verb, next) = match by {
                ListedBy::Mlsd => ("MLSD", Some(ListedBy::List)),
                ListedBy::List => ("LIST", Some(ListedBy::Names)),
                ListedBy::Names => ("NLST", None),
            };
            let download = match session.download(verb.to_owned(), LONGEST_LISTING).await {
                Ok(download) => download,
                Err(fault) if fault.unknown_command() && fault.sound && next.is_some() => {
                    self.remember(|memory| memory.listed_by = next.unwrap_or_default());
                    continue;
                }
                // An empty directory, as some tell it.
                Err(fault)
                    if by != ListedBy::Mlsd && fault.sound && is_absence(&fault) && fault.kind != Kind::Denied =>
                {
                    return Ok(Listing::default());
                }
                Err(fault) => return Err(fault),
            };
            if let Some(fault) = download.cut {
                return Err(Fault { sound: false, ..fault });
            }
            self.remember(|memory| memory.way_proved = true);
            if download.bytes.last().is_some_and(|last| *last != b'\n') {
                return Err(Fault::new(Kind::Interrupted, "the listing ends in the middle of a line"));
            }
            if by == ListedBy::List && download.bytes.is_empty() && self.is_unreadable(session, folder).await? {
                return Err(closed("the folder is there, and the account may not read it"));
            }
            let text = String::from_utf8_lossy(&download.bytes);
            return match by {
                ListedBy::Mlsd => Ok(gathered(folder, text.lines().map(listing::mlsd))),
                ListedBy::List => Ok(gathered(folder, text.lines().map(listing::list))),
                ListedBy::Names => self.told_apart(session, folder, &text).await,
            };
        }
    }

    /// Whether the directory that the session is in is called empty because it may not be read, as vsftpd does. A server
    /// that shows directories themselves when it is asked for all names shows those alone that it can read. Of other
    /// servers that cannot be told, and their word is taken.
    async fn is_unreadable(&self, session: &mut Session, folder: &ObjectPath) -> Result<bool, Fault> {
        if shows_itself(session).await? {
            return Ok(false);
        }
        if let Some(known) = self.memory(|memory| memory.shows_dots) {
            return Ok(known);
        }
        let (top, at) = ("/", session.absolute(folder.as_str()));
        let shows = session.enter(top).await? && shows_itself(session).await?;
        session.enter(&at).await?;
        self.remember(|memory| memory.shows_dots = Some(shows));
        Ok(shows)
    }

    /// Bare names: what has a size is a file, what can be entered is a folder.
    async fn told_apart(&self, session: &mut Session, folder: &ObjectPath, names: &str) -> Result<Listing, Fault> {
        let mut lines = Vec::new();
        for name in names.lines().filter_map(listing::name) {
            let Ok(path) = folder.join(name) else {
                lines.push(Line::Stranger(name.to_owned()));
                continue;
            };
            let at = session.absolute(path.as_str());
            lines.push(match session.size(&at).await? {
                Size::Of(bytes) => Line::File { name: name.to_owned(), bytes: Some(bytes), modified: None },
                _ if session.enter(&at).await? => Line::Folder(name.to_owned()),
                _ => Line::File { name: name.to_owned(), bytes: None, modified: None },
            });
        }
        Ok(gathered(folder, lines.into_iter()))
    }

    /// Everything below a folder, level by level. One below it that may not be entered hides no other.
    pub(super) async fn walk_folders(&self, folder: &ObjectPath) -> Result<Listing, Fault> {
        let mut all = Listing::default();
        let mut level = vec![folder.clone()];
        for _ in 0..DEEPEST {
            let mut below = Vec::new();
            for some in level.chunks(self.pool.width()) {
                let found = join_all(some.iter().map(|at| self.persist(|| self.list_folder(at)))).await;
                for (at, listing) in some.iter().zip(found) {
                    let listing = match listing {
                        Err(fault) if fault.kind == Kind::Denied && at != folder => {
                            all.strangers.push(format!("{at} (the account may not enter it)"));
                            all.closed.push(at.clone());
                            continue;
                        }
                        listing => listing?,
                    };
                    below.extend(listing.folders.iter().filter_map(|name| at.join(name).ok()));
                    all.entries.extend(listing.entries);
                    all.strangers.extend(listing.strangers);
                }
            }
            if below.is_empty() {
                return Ok(all);
            }
            level = below;
        }
        all.strangers.extend(level.iter().map(ToString::to_string));
        Ok(all)
    }

    /// Removes an object; one that is not there is removed already.
    pub(super) async fn remove_object(&self, path: &ObjectPath) -> Result<(), Fault> {
        let mut lease = self.lease().await?;
        let session = &mut lease.session;
        let at = session.absolute(path.as_str());
        let outcome = match session.remove(&at).await {
            Err(told) if told.sound && is_absence(&told) => match self.entry(session, path).await {
                Ok(None) => Ok(()),
                Ok(Some(_)) if told.kind == Kind::NotFound => Err(Fault { kind: Kind::Denied, ..told }),
                Ok(Some(_)) => Err(told),
                Err(fault) => Err(fault),
            },
            other => other,
        };
        lease.settle(&outcome);
        outcome
    }

    /// Removes a folder that is empty.
    pub(super) async fn remove_folder(&self, folder: &ObjectPath) -> Result<(), Fault> {
        self.remember(|memory| memory.folders.retain(|known| known != folder && !known.is_below(folder)));
        let mut lease = self.lease().await?;
        let outcome = leave_and_remove(&mut lease.session, folder).await;
        lease.settle(&outcome);
        outcome
    }
}

/// Something that is there, on a session that can be used again.
fn closed(words: &str) -> Fault {
    Fault::new(Kind::Denied, words).advised("Check what the account may do in this directory.").on_sound_session()
}

/// Whether the directory that the session is in is among its own names.
async fn shows_itself(session: &mut Session) -> Result<bool, Fault> {
    match session.download("LIST -a".to_owned(), LONGEST_LISTING).await {
        Ok(Download { cut: Some(fault), .. }) => Err(Fault { sound: false, ..fault }),
        Ok(download) => Ok(String::from_utf8_lossy(&download.bytes).lines().any(|line| line.ends_with(" ."))),
        Err(fault) if fault.sound && fault.refused() => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// Some servers do not remove the directory that a session is in.
async fn leave_and_remove(session: &mut Session, folder: &ObjectPath) -> Result<(), Fault> {
    use suppaftp::Status;
    let (top, at) = (session.absolute(""), session.absolute(folder.as_str()));
    session.enter(&top).await?;
    match session.command(format!("RMD {at}"), &[Status::RequestedFileActionOk, Status::CommandOk]).await {
        // Missing or not empty: both are as asked.
        Err(fault) if fault.sound && is_absence(&fault) => Ok(()),
        other => other.map(|_| ()),
    }
}

/// Whether a refusal may mean that nothing is there.
fn is_absence(fault: &Fault) -> bool {
    matches!(fault.code, 450 | 550 | 551 | 553)
}

/// A listing of the lines that were read.
fn gathered(folder: &ObjectPath, lines: impl Iterator<Item = Line>) -> Listing {
    let mut listing = Listing::default();
    for line in lines {
        match line {
            Line::Nothing => {}
            Line::Folder(name) | Line::File { name, .. } if name.starts_with('.') => {}
            Line::Folder(name) if folder.join(&name).is_ok() => listing.folders.push(name),
            Line::File { name, bytes, modified } if folder.join(&name).is_ok() => {
                listing.entries.extend(folder.join(&name).ok().map(|path| Entry { path, bytes, modified, tag: None }));
            }
            Line::Folder(name) | Line::File { name, .. } | Line::Stranger(name) => {
                listing.strangers.push(clean(&name).into_owned());
            }
        }
    }
    listing.entries.sort_by(|a, b| a.path.cmp(&b.path));
    listing.folders.sort();
    listing
}
