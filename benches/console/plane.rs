//! A plane of some size in a process of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use palette_console::plane::{CREDENTIALS, Scale};
use rustix::process::{Pid, Signal, kill_process};

type Failure = Box<dyn std::error::Error>;

/// `palette-console serve`.
pub struct Served {
    child: Child,
    pub url: String,
    pub credentials: PathBuf,
}

impl Served {
    /// Serves a directory; fills it first where it is fresh.
    pub fn start(dir: &Path, scale: Scale) -> Result<Self, Failure> {
        let sizes = format!("pcgs={},clusters={},audits={}", scale.pcgs, scale.clusters, scale.audits);
        let mut child = Command::new(crate::binary())
            .args(["serve", "--sandbox", "--listen", "127.0.0.1:0", "--scale", &sizes, "--data-dir"])
            .arg(dir)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("serve has an output")?).read_line(&mut line)?;
        let url = line.trim().strip_prefix("listening on ").ok_or("serve says where it listens")?.to_owned();
        Ok(Self { child, url, credentials: dir.join(CREDENTIALS) })
    }

    /// Ends it in order, so that the directory is free.
    pub fn stop(mut self) -> Result<(), Failure> {
        if let Some(id) = Pid::from_raw(self.child.id().cast_signed()) {
            kill_process(id, Signal::TERM)?;
        }
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
