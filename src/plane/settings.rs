//! What a plane is started with.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use chrono::TimeDelta;

use super::backups::{OpenStore, real_stores};
use crate::clock::{self, SharedClock};

/// How a plane behaves. [`Settings::new`] gives what Palette documents; change single fields from there.
#[derive(Clone)]
pub struct Settings {
    /// Directory of the database, the lock, the socket and `credentials.toml`; made where it is missing.
    pub data_dir: PathBuf,
    /// Fill a fresh directory with sample inventory of this size. A directory that was filled before keeps
    /// what it has.
    pub sandbox: Option<Scale>,
    /// What time it is.
    pub clock: SharedClock,
    /// How long a token lasts.
    pub token_lifetime: TimeDelta,
    /// Pause between two clusters of a migration; zero moves them as fast as the disk allows.
    pub migration_pace: Duration,
    /// Answer 429 as a hosted Palette does.
    pub rate_limits: bool,
    /// Longest that one request may take.
    pub request_timeout: Duration,
    /// Most bytes that the database may take; none leaves it to the disk.
    pub quota: Option<u64>,
    /// Backups are made by their schedules. For processes that stay: a command that is gone in a second must not begin one.
    pub schedules: bool,
    /// A daemon owns the directory: schedules run without a console.
    pub daemon: bool,
    /// Run the sandbox's own FTP and S3 servers.
    pub stores: bool,
    /// Makes the stores of locations.
    pub stores_of: OpenStore,
    /// Pauses before a failed backup of the schedule is tried again.
    pub backup_retries: [Duration; 3],
    /// Longest that the scheduler sleeps before it looks at the clock again.
    pub schedule_tick: Duration,
    /// Bytes of a segment of a backup.
    pub segment_bytes: usize,
}

impl Settings {
    /// A plane without inventory in `data_dir`.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            sandbox: None,
            clock: clock::system(),
            token_lifetime: TimeDelta::minutes(15),
            migration_pace: Duration::from_millis(400),
            rate_limits: false,
            request_timeout: Duration::from_secs(30),
            quota: None,
            schedules: false,
            daemon: false,
            stores: false,
            stores_of: real_stores(),
            backup_retries: [5, 15, 45].map(|minutes| Duration::from_secs(minutes * 60)),
            schedule_tick: Duration::from_secs(60),
            segment_bytes: 32 << 20,
        }
    }

    /// A plane with the curated sample inventory in `data_dir`.
    #[must_use]
    pub fn sandbox(data_dir: impl Into<PathBuf>) -> Self {
        Self { sandbox: Some(Scale::default()), ..Self::new(data_dir) }
    }
}

/// Where a plane is served, besides the Unix socket that every owner of a data directory serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    /// On this Unix socket and nowhere else.
    Unix(PathBuf),
    /// Plain HTTP; loopback addresses only.
    Tcp(SocketAddr),
    /// HTTPS.
    Tls {
        /// Address to listen on.
        address: SocketAddr,
        /// Certificate chain, PEM.
        cert: PathBuf,
        /// Private key, PEM.
        key: PathBuf,
    },
}

/// Size of the sample inventory. The default is the curated one; beyond it, more of the same kind is made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Gateways.
    pub pcgs: usize,
    /// Workload clusters.
    pub clusters: usize,
    /// Audit entries.
    pub audits: usize,
}

impl Default for Scale {
    fn default() -> Self {
        Self { pcgs: 8, clusters: 42, audits: 1_200 }
    }
}

/// Why a text does not name a scale.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScaleError {
    /// A part is not `name=number`, or the name is unknown.
    #[error("\"{0}\" is not a size; write pcgs=200,clusters=5000,audits=100000, or any of the three")]
    Part(String),
    /// A number is outside what the sandbox can fill.
    #[error("{name}={value} is too small or too large; it may be {least} to {most}")]
    Range {
        /// Which of the three.
        name: &'static str,
        /// What was asked for.
        value: usize,
        /// Smallest.
        least: usize,
        /// Largest.
        most: usize,
    },
}

impl FromStr for Scale {
    type Err = ScaleError;

    fn from_str(text: &str) -> Result<Self, ScaleError> {
        let mut scale = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let wrong = || ScaleError::Part(part.to_owned());
            let (name, value) = part.split_once('=').ok_or_else(wrong)?;
            let value = value.trim().parse().map_err(|_| wrong())?;
            let (slot, name, least, most) = match name.trim() {
                "pcgs" => (&mut scale.pcgs, "pcgs", 8, 2_000),
                "clusters" => (&mut scale.clusters, "clusters", 42, 100_000),
                "audits" => (&mut scale.audits, "audits", 100, 2_000_000),
                _ => return Err(wrong()),
            };
            if !(least..=most).contains(&value) {
                return Err(ScaleError::Range { name, value, least, most });
            }
            *slot = value;
        }
        Ok(scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_subset_in_any_order_is_a_scale() {
        let read = |text: &str| text.parse::<Scale>();
        assert_eq!(read(""), Ok(Scale::default()));
        assert_eq!(read("audits=100000, pcgs=200"), Ok(Scale { pcgs: 200, clusters: 42, audits: 100_000 }));
        assert_eq!(read("pcgs=200,clusters=5000").map(|scale| scale.clusters), Ok(5000));
    }

    #[test]
    fn a_scale_that_cannot_be_is_refused_by_name() {
        let words = |text: &str| text.parse::<Scale>().unwrap_err().to_string();
        assert!(words("nodes=3").contains("\"nodes=3\" is not a size"));
        assert!(words("pcgs=many").contains("pcgs=many"));
        assert!(words("pcgs=2").contains("8 to 2000"));
    }
}
