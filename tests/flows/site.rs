//! A daemon and the commands that attach to it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::process::{Done, Home, Started, serve};

/// A gateway of the sandbox, whose name tells one state from another.
pub const GATEWAY: &str = "hamburg-vsphere";

/// A daemon on a directory of its own with its stores, and commands that attach to it.
pub struct Site {
    pub home: Home,
    pub dir: PathBuf,
    _daemon: Started,
}

impl Site {
    pub fn new() -> Self {
        Self::with(&["--stores"])
    }

    pub fn with(flags: &[&str]) -> Self {
        let home = Home::new();
        let dir = home.path().join("plane");
        let (daemon, _) = serve(&home, &dir, flags);
        Self { home, dir, _daemon: daemon }
    }

    /// One whose daemon writes no file beyond so many KiB, as on a disk that fills up.
    pub fn with_small_files(kib: usize) -> Self {
        let home = Home::new();
        let dir = home.path().join("plane");
        let limited = format!("trap '' XFSZ; ulimit -f {kib}; exec \"$0\" \"$@\"");
        let mut command = home.program(Path::new("/bin/bash"), &["-c", &limited]);
        command.arg(env!("CARGO_BIN_EXE_palette-console")).args(["serve", "--sandbox", "--listen", "127.0.0.1:0"]);
        command.arg("--data-dir").arg(&dir);
        let daemon = Started::new(command);
        assert!(daemon.line().starts_with("listening on "));
        Self { home, dir, _daemon: daemon }
    }

    pub async fn run(&self, words: &str) -> Done {
        let dir = self.dir.to_str().unwrap();
        let words: Vec<&str> = words.split_whitespace().chain(["--data-dir", dir]).collect();
        self.home.run(&words).await
    }

    pub async fn done(&self, words: &str) -> Done {
        let done = self.run(words).await;
        assert_eq!(done.code, Some(0), "{words}: {done:?}");
        done
    }

    pub async fn json(&self, words: &str) -> Value {
        self.done(&format!("{words} -o json")).await.json()
    }

    /// The uid of a new backup.
    pub async fn backup(&self, mode: &str) -> String {
        let made = self.json(&format!("backups create {mode}")).await;
        assert_eq!((&made["state"], &made["mode"]), (&"Completed".into(), &mode.into()), "{made}");
        assert!(made["bytes"].as_u64().unwrap() > 0, "{made}");
        made["uid"].as_str().unwrap().to_owned()
    }

    pub async fn has_gateway(&self, name: &str) -> bool {
        let pcgs = self.json("pcgs list").await;
        pcgs.as_array().unwrap().iter().any(|pcg| pcg["name"] == name)
    }
}

pub fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
