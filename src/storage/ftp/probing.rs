//! Trying a location step by step.

use bytes::Bytes;

use super::fault::Fault;
use super::{Ftp, Tls};
use crate::storage::probe::{Outcome, Steps};
use crate::storage::{Kind, ObjectPath};
use crate::text::{clean, count};

/// Data connections that are opened on one session: with TLS a server that runs out of sessions to resume does so by
/// the fifth.
const DATA_CONNECTIONS: usize = 6;

/// The steps up to the directory, and what is done in each.
const STEPS: [(&str, &str); 5] = [
    ("Look up the server", "look up the server"),
    ("Connect", "connect"),
    ("TLS", "agree on TLS"),
    ("Sign in", "sign in"),
    ("Directory", "find the directory"),
];

impl Ftp {
    fn failed(&self, operation: &str, fault: Fault) -> Outcome {
        Outcome::Failed(self.error(operation.to_owned(), fault))
    }

    /// One step whose find the next one needs.
    async fn find<T: Send>(
        &self,
        steps: &mut Steps<'_>,
        (name, doing): (&'static str, &str),
        work: impl Future<Output = Result<(T, Outcome), Fault>> + Send,
    ) -> Option<T> {
        let mut found = None;
        let step = steps.step(name, async {
            match work.await {
                Ok((value, outcome)) => {
                    found = Some(value);
                    outcome
                }
                Err(fault) => self.failed(doing, fault),
            }
        });
        step.await;
        found
    }

    /// Up to a directory that can be listed. Writes nothing.
    pub(super) async fn try_connection(&self, steps: &mut Steps<'_>) -> bool {
        let Err(tried) = self.approach(steps).await else { return true };
        for (name, _) in STEPS.iter().skip(tried) {
            steps.step(name, async { Outcome::Skipped("an earlier step failed".to_owned()) }).await;
        }
        false
    }

    /// The steps one after the other; where one fails, how many were tried.
    async fn approach(&self, steps: &mut Steps<'_>) -> Result<(), usize> {
        let [look_up, connect, tls, sign_in, directory] = STEPS;
        let looking = async {
            let found = self.look_up().await?;
            let words: Vec<String> = found.iter().map(|address| address.ip().to_string()).collect();
            Ok((found, Outcome::Passed(words.join(", "))))
        };
        let addresses = self.find(steps, look_up, looking).await.ok_or(1_usize)?;
        let connecting = async {
            let raw = self.connect(&addresses).await?;
            let words = format!("{} answers", raw.peer);
            Ok((raw, Outcome::Passed(words)))
        };
        let raw = self.find(steps, connect, connecting).await.ok_or(2_usize)?;
        let securing = async {
            let raw = self.secure(raw).await?;
            let outcome = self.protection(raw.secure);
            Ok((raw, outcome))
        };
        let raw = self.find(steps, tls, securing).await.ok_or(3_usize)?;
        let signing_in = async {
            let session = self.sign_in(raw).await?;
            Ok((session, Outcome::Passed(format!("as {}", self.settings.username))))
        };
        let mut session = self.find(steps, sign_in, signing_in).await.ok_or(4_usize)?;
        let finding = async {
            let base = session.absolute("");
            let shown = clean(&base).into_owned();
            let outcome = if session.enter(&base).await? {
                Outcome::Passed(shown)
            } else {
                let words = "is not there, or may not be entered; the first write makes it, with every level above";
                Outcome::Warning(format!("{shown} {words}"))
            };
            Ok((session, outcome))
        };
        let session = self.find(steps, directory, finding).await.ok_or(5_usize)?;
        self.pool.keep(session);
        Ok(())
    }

    fn protection(&self, secure: bool) -> Outcome {
        if secure {
            let version = if self.memory(|memory| memory.tls13) { "TLS 1.3" } else { "TLS 1.2" };
            return Outcome::Passed(format!("{version}, control and data"));
        }
        let why = if self.settings.tls == Tls::Off { "TLS is off" } else { "the server offers no TLS" };
        Outcome::Warning(format!("{why}: the password and every byte travel in clear text"))
    }

    /// Renaming, many data connections on one session, two sessions at once.
    pub(super) async fn try_writing(&self, steps: &mut Steps<'_>, scratch: &ObjectPath) -> bool {
        let Ok(object) = scratch.join("rename-probe") else { return false };
        let renamed = steps.step("Rename", async {
            match self.put_whole(&object, Bytes::from_static(b"palette-console tries this location\n")).await {
                Ok(()) if self.memory(|memory| memory.no_rename) => Outcome::Warning(
                    "the server forbids renaming: objects are written under their final names".to_owned(),
                ),
                Ok(()) => Outcome::Passed("an object gets its name when it is whole".to_owned()),
                Err(fault) => self.failed("write and rename", fault),
            }
        });
        let mut good = renamed.await;
        if good {
            good = steps.step("Data connections", self.try_data_connections(scratch)).await
                && steps.step("Two sessions", self.try_two_sessions(&object)).await;
        }
        // Whether objects can be deleted is a step of every probe; it removes this one, too, where that goes wrong.
        let _ = self.remove_object(&object).await;
        good
    }

    async fn try_data_connections(&self, scratch: &ObjectPath) -> Outcome {
        let listed = async {
            let mut lease = self.lease().await?;
            for _ in 0..DATA_CONNECTIONS {
                let outcome = self.list_on(&mut lease.session, scratch).await;
                if let Err(fault) = outcome {
                    lease.settle::<()>(&Err(fault.clone()));
                    return Err(fault);
                }
            }
            lease.settle::<()>(&Ok(()));
            Ok(())
        };
        match listed.await {
            Ok(()) => Outcome::Passed(format!("{} one after the other", count(DATA_CONNECTIONS, "data connection"))),
            Err(fault) => self.failed("open data connections one after the other", fault),
        }
    }

    async fn try_two_sessions(&self, object: &ObjectPath) -> Outcome {
        let width = self.pool.width();
        if width > 1 {
            let both = async {
                let first = self.lease().await?;
                // Where the server takes one session only, the second wait would never end.
                let second = self.dial().await;
                first.settle::<()>(&Ok(()));
                second
            };
            match both.await {
                Ok(mut second) => {
                    let seen = self.look_on(&mut second, object).await;
                    return match seen {
                        Ok(Some(_)) => Outcome::Passed("each sees what the other wrote".to_owned()),
                        Ok(None) => self.failed(
                            "see what another session wrote",
                            Fault::new(Kind::Mismatch, "a second session does not see what the first one wrote"),
                        ),
                        Err(fault) => self.failed("use two sessions", fault),
                    };
                }
                Err(fault) if fault.kind != Kind::Busy => return self.failed("open a second session", fault),
                Err(_) => {}
            }
        }
        Outcome::Warning("the server takes one session at a time: transfers go one after the other".to_owned())
    }
}
