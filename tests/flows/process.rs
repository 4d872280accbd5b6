//! The real binary as child processes.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// Longest that any of these processes may take; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A home of its own, so that no test sees the files of whoever runs it.
pub struct Home(TempDir);

impl Home {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Everything that was logged.
    pub fn logs(&self) -> String {
        let dir = self.path().join("state/palette-console");
        let files = std::fs::read_dir(dir).into_iter().flatten().map(|file| file.unwrap().path());
        files.map(|file| std::fs::read_to_string(file).unwrap()).collect()
    }

    pub fn command(&self, words: &[&str]) -> Command {
        self.program(Path::new(env!("CARGO_BIN_EXE_palette-console")), words)
    }

    pub fn program(&self, program: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(words).env_clear().env("HOME", self.path()).env("XDG_STATE_HOME", self.path().join("state"));
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, words: &[&str]) -> Done {
        finish(self.command(words)).await
    }
}

/// How a command ended.
#[derive(Debug)]
pub struct Done {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

pub async fn finish(command: Command) -> Done {
    let started = Started::new(command);
    tokio::task::spawn_blocking(move || started.wait()).await.unwrap()
}

/// A process that runs; it is killed when this is dropped.
pub struct Started {
    child: Child,
    stdout: mpsc::Receiver<String>,
    stderr: mpsc::Receiver<String>,
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(stream: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let _ = sender.send(String::from_utf8(std::mem::take(&mut line)).unwrap());
        }
    });
    receiver
}

impl Started {
    pub fn new(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let (stdout, stderr) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        Self { child, stdout, stderr }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next line on stdout.
    pub fn line(&self) -> String {
        self.stdout.recv_timeout(PATIENCE).unwrap_or_else(|error| {
            panic!("no line on stdout ({error}); stderr: {}", self.stderr.try_iter().collect::<String>())
        })
    }

    /// Reads stderr up to the line that holds `word`.
    pub fn until_it_says(&self, word: &str) -> String {
        let mut said = String::new();
        loop {
            let line = self.stderr.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{error} after {said:?}"));
            said += &line;
            if line.contains(word) {
                return said;
            }
        }
    }

    /// `kill -9`; returns once it is dead.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).unwrap();
    }

    /// Waits for its end.
    pub fn wait(mut self) -> Done {
        let deadline = Instant::now() + PATIENCE;
        let read = |stream: &mpsc::Receiver<String>| {
            let mut text = String::new();
            while let Ok(line) = stream.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                text += &line;
            }
            text
        };
        let (stdout, stderr) = (read(&self.stdout), read(&self.stderr));
        assert!(Instant::now() < deadline, "it did not end; stdout: {stdout} stderr: {stderr}");
        Done { code: self.child.wait().unwrap().code(), stdout, stderr }
    }
}

/// `serve --sandbox` on a free port, and its URL.
pub fn serve(home: &Home, dir: &Path, more: &[&str]) -> (Started, String) {
    let dir = dir.to_str().unwrap();
    let words = [&["serve", "--sandbox", "--data-dir", dir, "--listen", "127.0.0.1:0"], more].concat();
    let served = Started::new(home.command(&words));
    let line = served.line();
    let url = line.strip_prefix("listening on ").unwrap_or_else(|| panic!("{line}")).trim_end().to_owned();
    (served, url)
}
