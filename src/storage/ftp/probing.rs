//! Trying a location step by step.

use std::net::SocketAddr;

use bytes::Bytes;

use super::dial::Raw;
use super::fault::Fault;
use super::{Ftp, Tls};
use crate::storage::probe::{Outcome, Steps};
use crate::storage::{Kind, ObjectPath};
use crate::text::count;

/// Data connections that are opened on one session: with TLS a server that runs out of sessions to resume does so by
/// the fifth.
const DATA_CONNECTIONS: usize = 6;

impl Ftp {
    fn failed(&self, operation: &str, fault: Fault) -> Outcome {
        Outcome::Failed(self.error(operation.to_owned(), fault))
    }

    /// Up to a directory that can be listed. Writes nothing.
    pub(super) async fn try_connection(&self, steps: &mut Steps<'_>) -> bool {
        let mut addresses = Vec::new();
        let found = steps.step("Look up the server", async {
            match self.look_up().await {
                Ok(found) => {
                    let words = found.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>().join(", ");
                    addresses = found;
                    Outcome::Passed(words)
                }
                Err(fault) => self.failed("look up the server", fault),
            }
        });
        if !found.await {
            return false;
        }
        let Some(raw) = self.try_reaching(steps, &addresses).await else { return false };
        let mut raw = Some(raw);
        let mut secured = None;
        let secure = steps.step("TLS", async {
            let Some(raw) = raw.take() else { return Outcome::Skipped("there is no connection".to_owned()) };
            match self.secure(raw).await {
                Ok(made) => {
                    let outcome = self.protection(made.secure);
                    secured = Some(made);
                    outcome
                }
                Err(fault) => self.failed("agree on TLS", fault),
            }
        });
        if !secure.await {
            return false;
        }
        let Some(raw) = secured else { return false };
        self.try_account(steps, raw).await
    }

    async fn try_reaching(&self, steps: &mut Steps<'_>, addresses: &[SocketAddr]) -> Option<Raw> {
        let mut raw = None;
        let connected = steps.step("Connect", async {
            match self.connect(addresses).await {
                Ok(made) => {
                    let words = format!("{} answers", made.peer);
                    raw = Some(made);
                    Outcome::Passed(words)
                }
                Err(fault) => self.failed("connect", fault),
            }
        });
        connected.await;
        raw
    }

    fn protection(&self, secure: bool) -> Outcome {
        if secure {
            let version = if self.memory(|memory| memory.tls13) { "TLS 1.3" } else { "TLS 1.2" };
            return Outcome::Passed(format!("{version}, control and data"));
        }
        let why = if self.settings.tls == Tls::Off { "TLS is off" } else { "the server offers no TLS" };
        Outcome::Warning(format!("{why}: the password and every byte travel in clear text"))
    }

    async fn try_account(&self, steps: &mut Steps<'_>, raw: Raw) -> bool {
        let mut session = None;
        let signed_in = steps.step("Sign in", async {
            match self.sign_in(raw).await {
                Ok(made) => {
                    session = Some(made);
                    Outcome::Passed(format!("as {}", self.settings.username))
                }
                Err(fault) => self.failed("sign in", fault),
            }
        });
        if !signed_in.await {
            return false;
        }
        let Some(mut session) = session else { return false };
        let found = steps.step("Directory", async {
            let base = session.absolute("");
            let shown = crate::text::clean(&base).into_owned();
            match session.enter(&base).await {
                Ok(true) => Outcome::Passed(shown),
                Ok(false) => {
                    let words = "is not there, or may not be entered; the first write makes it, with every level above";
                    Outcome::Warning(format!("{shown} {words}"))
                }
                Err(fault) => self.failed("find the directory", fault),
            }
        });
        let found = found.await;
        if found {
            self.pool.keep(session);
        }
        found
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
        if let Err(fault) = self.remove_object(&object).await {
            let failed = self.failed("delete", fault);
            return steps.step("Delete", async { failed }).await && good;
        }
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
