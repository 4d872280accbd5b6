//! A plane in a process of its own, and a client that is signed in as both administrators.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use palette_console::api::job::Job;
use palette_console::client::{Client, Login, Options};
use palette_console::clock;
use palette_console::plane::CREDENTIALS;
use palette_console::secret::Credentials;

/// Longest that the plane may take to settle what a killed one left behind.
pub const PATIENCE: Duration = Duration::from_secs(120);

pub struct Plane {
    child: Child,
    dir: PathBuf,
    pub client: Client,
}

async fn sign_in(client: &Client, dir: &Path) {
    let credentials = Credentials::read(&dir.join(CREDENTIALS)).unwrap();
    client.login(&Login::tenant_of(&credentials).unwrap()).await.unwrap();
    client.login(&Login::system_of(&credentials).unwrap()).await.unwrap();
}

impl Drop for Plane {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Plane {
    pub async fn start(home: &Path) -> Self {
        let dir = home.join("plane");
        let mut command = Command::new(env!("CARGO_BIN_EXE_palette-console"));
        command.args(["serve", "--sandbox", "--listen", "127.0.0.1:0", "--data-dir"]).arg(&dir);
        command.env_clear().env("HOME", home).stdin(Stdio::null()).stdout(Stdio::piped());
        let complaints = home.join("stderr.txt");
        command.stderr(std::fs::File::create(&complaints).unwrap());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line
            .trim_end()
            .strip_prefix("listening on ")
            .unwrap_or_else(|| panic!("the plane said {line:?}, and {:?}", std::fs::read_to_string(&complaints)));
        let client = Client::new(Options::new(url.parse().unwrap(), clock::system())).unwrap();
        client.read_capabilities().await.unwrap();
        sign_in(&client, &dir).await;
        Self { child, dir, client }
    }

    /// How a job ended that brings back another state: on the way every session ends.
    pub async fn brought_back(&self, uid: &str) -> Job {
        let ended = async {
            loop {
                match self.client.jobs().await {
                    Ok(jobs) => {
                        let job = jobs.items.into_iter().find(|job| job.uid == uid).expect("the job is known");
                        if job.state.ended() {
                            return job;
                        }
                    }
                    Err(error) if error.plane_lost() || error.is_overload() => panic!("{error}"),
                    Err(_) => sign_in(&self.client, &self.dir).await,
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, ended).await.expect("the job ends")
    }

    /// As `kill -9` does; returns once the process is gone.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until no job is queued or under way; all jobs, newest first.
    pub async fn settled(&self) -> Vec<Job> {
        let settled = async {
            loop {
                let jobs = self.client.jobs().await.unwrap().items;
                if jobs.iter().all(|job| job.state.ended()) {
                    return jobs;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, settled).await.expect("jobs end after a restart")
    }

    pub async fn job(&self, uid: &str) -> Job {
        self.settled().await.into_iter().find(|job| job.uid == uid).unwrap_or_else(|| panic!("the job {uid} is gone"))
    }

    /// Name of the gateway with this uid: the part of the state that restores are told apart by.
    pub async fn name_of(&self, uid: &str) -> String {
        self.client.overlord(uid).await.unwrap().metadata.name
    }
}
