//! A person's desk: a home and a data directory of their own, consoles on it, and planes to point them at.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use palette_console::api::overlord::Overlord;
use palette_console::client::{Address, Client, Login, Options};
use palette_console::clock::{self, ManualClock};
use palette_console::plane::{CREDENTIALS, Door, Running, Settings, start};
use palette_console::secret::Credentials;
use secrecy::ExposeSecret;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::harness::Console;

/// A home with a data directory below it; gone with the value.
pub struct Desk {
    dir: TempDir,
}

impl Desk {
    /// An empty one.
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// The home; consoles run in it.
    pub fn home(&self) -> &Path {
        self.dir.path()
    }

    /// The data directory; not made yet.
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// A console on the embedded plane, or wherever `args` say.
    pub fn console(&self, args: &[&str], columns: u16, rows: u16) -> Console {
        self.console_with(args, &[], columns, rows)
    }

    /// The same with more environment.
    pub fn console_with(&self, args: &[&str], environment: &[(&str, &str)], columns: u16, rows: u16) -> Console {
        let (home, data) = (self.home().to_str().unwrap().to_owned(), self.data());
        let mut all =
            vec![("HOME", home.as_str()), ("TMPDIR", &home), ("PALETTE_CONSOLE_DATA_DIR", data.to_str().unwrap())];
        all.extend(environment);
        Console::spawn(args, &all, columns, rows)
    }

    /// The accounts that the plane on the data directory wrote down.
    pub fn credentials(&self) -> Credentials {
        Credentials::read(&self.data().join(CREDENTIALS)).unwrap()
    }

    /// The accounts' file.
    pub fn credentials_file(&self) -> String {
        self.data().join(CREDENTIALS).to_str().unwrap().to_owned()
    }

    /// A value of the file in which the sandbox keeps what its own stores are reached with.
    pub fn stores(&self, table: &str, key: &str) -> String {
        let text = fs::read_to_string(self.data().join("stores.toml")).unwrap();
        let file: toml::Table = text.parse().unwrap();
        match &file[table][key] {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// Runs `palette-console` with arguments to its end and returns what it said.
    pub fn run(&self, args: &[&str]) -> String {
        let output = self.command().args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palette-console"));
        command.env_clear().env("HOME", self.home()).env("TMPDIR", self.home()).current_dir(self.home());
        command.env("PALETTE_CONSOLE_DATA_DIR", self.data());
        command
    }

    /// Starts `palette-console serve` on the data directory.
    pub fn serve(&self, listen: &str, pace: &str) -> Served {
        let mut command = self.command();
        command.args(["serve", "--sandbox", "--listen", listen, "--migration-pace", pace]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("serve says {line:?}")).to_owned();
        Served { child, url }
    }
}

/// A plane in a process of its own.
pub struct Served {
    child: Child,
    /// Where it answers.
    pub url: String,
}

impl Served {
    /// Ends it as a power cut does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const ANY: &str = "127.0.0.1:0";

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// A plane in this process, whose clock the test moves.
pub struct Hosted {
    runtime: Runtime,
    /// Served until it is dropped.
    _running: Running,
    clock: Arc<ManualClock>,
    client: Client,
    /// Whose data directory it is on.
    pub desk: Desk,
    /// Where it answers.
    pub address: SocketAddr,
}

impl Hosted {
    /// A sandbox on any free port that moves a cluster each `pace`.
    pub fn start(pace: Duration) -> Self {
        Self::start_at(ANY, pace)
    }

    /// The same on an address.
    pub fn start_at(listen: &str, pace: Duration) -> Self {
        Self::start_with(listen, |settings| settings.migration_pace = pace)
    }

    /// One whose disk has no room for another page.
    pub fn start_full() -> Self {
        let desk = Desk::new();
        let runtime = runtime();
        let filled = runtime.block_on(start(Settings::sandbox(desk.data()), Door::Tcp(ANY.parse().unwrap()))).unwrap();
        runtime.block_on(filled.stop());
        let size = fs::metadata(desk.data().join("plane.db")).unwrap().len();
        Self::start_on(desk, ANY, |settings| settings.quota = Some(size))
    }

    fn start_with(listen: &str, change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_on(Desk::new(), listen, change)
    }

    fn start_on(desk: Desk, listen: &str, change: impl FnOnce(&mut Settings)) -> Self {
        // Another test of this process may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = ManualClock::at(clock::system().now());
        let mut settings = Settings { clock: clock.clone(), ..Settings::sandbox(desk.data()) };
        change(&mut settings);
        let runtime = runtime();
        let running = runtime.block_on(start(settings, Door::Tcp(listen.parse().unwrap()))).unwrap();
        let client = Client::new(Options::new(Address::Socket(running.socket().to_owned()), clock::system())).unwrap();
        let login = Login::tenant_of(&desk.credentials()).unwrap();
        runtime.block_on(client.login(&login)).unwrap();
        let address = running.address().unwrap();
        Self { runtime, _running: running, clock, client, desk, address }
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A console on it whose login card is filled.
    pub fn console(&self, columns: u16, rows: u16) -> Console {
        self.console_at(&self.url(), columns, rows)
    }

    /// The same by another address of it.
    pub fn console_at(&self, url: &str, columns: u16, rows: u16) -> Console {
        let file = self.desk.credentials_file();
        self.desk.console(&["--url", url, "--credentials", &file], columns, rows)
    }

    /// Moves the plane's clock. The gateways that are alive beat right after it.
    pub fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
        let uid = self.gateway("System Private Gateway").metadata.uid;
        self.runtime.block_on(self.client.set_heartbeat(&uid, true)).unwrap();
    }

    /// Another administrator's client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// A token as the browser keeps it.
    pub fn token(&self) -> String {
        let account = self.desk.credentials().tenant.unwrap();
        let body = serde_json::json!({
            "org": account.org, "emailId": account.email, "password": account.password.expose_secret(),
        });
        let call = reqwest::Client::new().post(format!("{}/v1/auth/authenticate", self.url())).json(&body);
        let answer: serde_json::Value = self.wait(async { call.send().await.unwrap().json().await.unwrap() });
        answer["Authorization"].as_str().unwrap().to_owned()
    }

    /// Waits for a call of the other administrator.
    pub fn wait<T>(&self, call: impl Future<Output = T>) -> T {
        self.runtime.block_on(call)
    }

    /// A gateway by its name.
    pub fn gateway(&self, name: &str) -> Overlord {
        let all = self.wait(self.client.overlords()).unwrap();
        all.into_iter().find(|gateway| gateway.metadata.name == name).unwrap_or_else(|| panic!("no gateway {name}"))
    }
}

/// Signs in with what the card is filled with, and waits until all about the gateways is read.
pub fn sign_in(console: &mut Console) {
    console.wait_for("Enter signs in.");
    console.key("enter");
    console.wait_for("8 gateways");
    console.wait_for("System Private Gateway");
    console.wait_gone("counting");
    console.wait_for("Last entry");
}
