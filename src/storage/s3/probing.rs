//! The steps of a probe that only S3 has.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aws_sdk_s3::types::{BucketVersioningStatus, ObjectLockEnabled};
use bytes::Bytes;
use hyper_util::client::proxy::matcher::Matcher;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::S3;
use super::refusal::{Refusal, Verb};
use super::wire::Trouble;
use crate::storage::probe::{Outcome, Steps};
use crate::storage::{Kind, ObjectPath, certificate};

const EARLIER: &str = "an earlier step failed";

impl S3 {
    /// Up to a bucket that can be listed. Writes nothing.
    pub(super) async fn reach(&self, steps: &mut Steps<'_>) -> bool {
        if !self.knock(steps).await {
            for name in ["Sign in", "Bucket", "Versions and locks"] {
                steps.skip(name, EARLIER);
            }
            return false;
        }
        let mut bucket = None;
        let signed_in = steps.step("Sign in", async {
            let opened = self.open_bucket().await.err();
            let of_bucket = |trouble: &Trouble| matches!(trouble.kind, Kind::NoSuchPlace | Kind::Denied);
            let (theirs, ours) = opened.map_or((None, None), |trouble| {
                if of_bucket(&trouble) { (Some(trouble), None) } else { (None, Some(trouble)) }
            });
            bucket = theirs;
            self.outcome("sign in", ours, "the server takes the key")
        });
        if !signed_in.await {
            steps.skip("Bucket", EARLIER);
            steps.skip("Versions and locks", EARLIER);
            return false;
        }
        let words = format!("{} in region {}", self.place.bucket, self.place.region);
        if !steps.step("Bucket", async { self.outcome("open the bucket", bucket, &words) }).await {
            steps.skip("Versions and locks", EARLIER);
            return false;
        }
        steps.step("Versions and locks", self.look_at_bucket()).await
    }

    /// Asks for one name. A server that is only busy is asked twice.
    async fn open_bucket(&self) -> Result<(), Trouble> {
        let prefix = self.place.prefix(&ObjectPath::root());
        let opened = self.page(&prefix, true, None, 1).await;
        match opened {
            Err(trouble) if matches!(trouble.kind, Kind::Busy | Kind::Interrupted) => {
                tokio::time::sleep(Duration::from_secs(1)).await;
                self.page(&prefix, true, None, 1).await.map(drop)
            }
            opened => opened.map(drop),
        }
    }

    fn outcome(&self, operation: &str, trouble: Option<Trouble>, good: &str) -> Outcome {
        trouble.map_or_else(|| Outcome::Passed(good.to_owned()), |trouble| self.failed(operation, trouble))
    }

    fn failed(&self, operation: &str, trouble: Trouble) -> Outcome {
        Outcome::Failed(self.error(operation, trouble))
    }

    /// Look up, connect, TLS: where no proxy stands between.
    async fn knock(&self, steps: &mut Steps<'_>) -> bool {
        if self.goes_through_proxy() {
            for name in ["Look up the server", "Connect", "TLS"] {
                steps.skip(name, "connections go through the proxy that the environment names");
            }
            return true;
        }
        let mut addresses = Vec::new();
        if !steps.step("Look up the server", self.look_up(&mut addresses)).await {
            steps.skip("Connect", EARLIER);
            steps.skip("TLS", EARLIER);
            return false;
        }
        let mut stream = None;
        if !steps.step("Connect", self.connect(&addresses, &mut stream)).await {
            steps.skip("TLS", EARLIER);
            return false;
        }
        steps.step("TLS", self.secure(stream)).await
    }

    fn goes_through_proxy(&self) -> bool {
        let server = self.place.server.as_str().parse::<hyper::Uri>();
        !self.place.on_this_machine() && server.is_ok_and(|uri| Matcher::from_system().intercept(&uri).is_some())
    }

    async fn look_up(&self, addresses: &mut Vec<SocketAddr>) -> Outcome {
        let host = self.place.host();
        let found = timeout(self.timeouts.connect, tokio::net::lookup_host((host, self.place.port()))).await;
        if let Ok(Ok(found)) = found {
            *addresses = found.collect();
        }
        if addresses.is_empty() {
            let trouble = Trouble::new(Kind::NoSuchHost, format!("the name {host} has no address"))
                .advised("Check the endpoint's host name, and the name servers of this machine.");
            return self.failed("look up the server", trouble);
        }
        let words: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
        Outcome::Passed(words.join(", "))
    }

    async fn connect(&self, addresses: &[SocketAddr], stream: &mut Option<TcpStream>) -> Outcome {
        let limit = self.timeouts.connect;
        let reason = match timeout(limit, TcpStream::connect(addresses)).await {
            Ok(Ok(made)) => {
                let peer = made.peer_addr().map(|peer| peer.to_string()).unwrap_or_default();
                *stream = Some(made);
                return Outcome::Passed(format!("{peer} answers"));
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("nothing answered within {} s", limit.as_secs_f32()),
        };
        let trouble = Trouble::new(Kind::Unreachable, reason)
            .advised("Check host and port, that the server runs, and firewalls on the way.");
        self.failed("connect", trouble)
    }

    async fn secure(&self, stream: Option<TcpStream>) -> Outcome {
        if !self.place.encrypted() {
            let here = || Outcome::Passed("none is needed: the server is on this machine".to_owned());
            return self.place.in_clear().map_or_else(here, Outcome::Warning);
        }
        match self.shake_hands(stream).await {
            Ok(words) => Outcome::Passed(words),
            Err(trouble) => self.failed("agree on TLS", trouble),
        }
    }

    async fn shake_hands(&self, stream: Option<TcpStream>) -> Result<String, Trouble> {
        let host = self.place.host();
        let wrong = |reason: String| Trouble::new(Kind::Tls, reason);
        let stream = stream.ok_or_else(|| wrong("there is no connection".to_owned()))?;
        let config = self.believed.config(rustls::DEFAULT_VERSIONS).map_err(|error| wrong(error.to_string()))?;
        let name = ServerName::try_from(host.to_owned()).map_err(|error| wrong(error.to_string()))?;
        let shaken = timeout(self.timeouts.connect, TlsConnector::from(Arc::new(config)).connect(name, stream)).await;
        let made = shaken.map_err(|_| Trouble::new(Kind::Timeout, "the server did not answer to TLS in time"))?;
        let made = made.map_err(|error| match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(error) => {
                let (kind, reason, advice) = certificate::explained(error, host);
                Trouble::new(kind, reason).advised(advice)
            }
            None => wrong(format!("the server broke off ({error})")).advised("Check the port, and the server's log."),
        })?;
        let version = match made.get_ref().1.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
            _ => "TLS 1.2",
        };
        Ok(format!("{version}; the certificate is believed"))
    }

    /// What the bucket does with deleted objects. Servers that cannot tell, or do not tell this key, are none the worse.
    async fn look_at_bucket(&self) -> Outcome {
        let bucket = &self.place.bucket;
        let versioning = self.client.get_bucket_versioning().bucket(bucket).send().await;
        let versioned =
            versioning.ok().and_then(|answer| answer.status().cloned()) == Some(BucketVersioningStatus::Enabled);
        let locking = self.client.get_object_lock_configuration().bucket(bucket).send().await;
        let lock = locking.ok().and_then(|answer| answer.object_lock_configuration().cloned());
        let retention = lock
            .filter(|lock| lock.object_lock_enabled() == Some(&ObjectLockEnabled::Enabled))
            .and_then(|lock| lock.rule().and_then(|rule| rule.default_retention()).cloned());
        let mut warnings = Vec::new();
        if versioned {
            warnings.push(
                "The bucket keeps old versions: deleted backups go on taking room until a life-cycle rule of the bucket \
                 removes them."
                    .to_owned(),
            );
        }
        if let Some(retention) = retention {
            let span = match (retention.days(), retention.years()) {
                (Some(days), _) => format!("{days} days"),
                (_, Some(years)) => format!("{years} years"),
                _ => "some time".to_owned(),
            };
            warnings.push(format!(
                "The bucket's object lock keeps every object for {span}: backups cannot be removed before, whatever the \
                 location's retention says."
            ));
        }
        if warnings.is_empty() {
            return Outcome::Passed("nothing holds back deleted objects, as far as the server tells".to_owned());
        }
        warnings.iter().for_each(|words| self.note(words));
        Outcome::Warning(warnings.join(" "))
    }

    /// Whether the server refuses to write where something is: welcome, never needed.
    pub(super) async fn try_guard(&self, steps: &mut Steps<'_>, scratch: &ObjectPath) -> bool {
        let Ok(path) = scratch.join("guard") else { return false };
        let good = steps.step("Overwriting", self.overwrite(&path)).await;
        // The common clean-up lists the folder and removes it where this fails.
        let _ = self.delete_once(&path).await;
        good
    }

    async fn overwrite(&self, path: &ObjectPath) -> Outcome {
        let plain = || Outcome::Passed("the server would let it; no backup relies on a refusal".to_owned());
        let first = self.put_object(path, &Bytes::from_static(b"first"), true).await;
        let second = match first {
            Ok(()) => self.put_object(path, &Bytes::from_static(b"second"), true).await,
            first => first,
        };
        let guarded = |known| self.guards.store(known, Ordering::Relaxed);
        match second {
            Ok(()) => plain(),
            Err(refusal) if refusal.is_occupied() => Outcome::Passed("the server refuses it".to_owned()),
            Err(refusal) if refusal.knows_no_guard() => {
                guarded(false);
                plain()
            }
            Err(refusal) => self.unclear(refusal),
        }
    }

    fn unclear(&self, refusal: Refusal) -> Outcome {
        let trouble = refusal.told(Verb::Put, &self.place, self.wire.server_clock());
        if trouble.kind.is_passing() {
            return Outcome::Warning(format!("not proved: {}", trouble.reason));
        }
        self.failed("write where something is", trouble)
    }
}
