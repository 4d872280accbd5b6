//! Real FTP servers as child processes, on loopback, each with a home of its own.
//!
//! `.ci/ftp-servers` unpacks them; they are looked for in `$FTP_SERVERS_DIR`, or in `target/tools/ftp`. Any test binary can
//! take this directory in: `#[path = "../stores/servers/servers.rs"] mod servers;`.
#![allow(dead_code, reason = "each test binary uses a part")]

mod certificate;
mod proftpd;
mod pure_ftpd;
mod vsftpd;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[allow(unused_imports, reason = "each test binary uses a part")]
pub use certificate::{Certificate, expired, self_signed, signed};

/// What signs in. The account exists on the servers of tests alone, on loopback and without a shell.
pub const USER: &str = "palette-ftp-test";
/// Its password.
pub const PASSWORD: &str = "ftp test pass-word 1";

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    Vsftpd,
    Proftpd,
    PureFtpd,
}

/// How it treats TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Not offered.
    Plain,
    /// Required for everything, and data connections have to resume the session where the server can ask for that.
    Required,
}

/// A server that runs until it is dropped.
pub struct Server {
    pub port: u16,
    /// Where a login leads.
    pub home: PathBuf,
    /// Its certificate, PEM; empty without TLS.
    pub certificate: String,
    child: Child,
    _dir: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts one; `None`, said aloud, where it takes rights that are not there.
    ///
    /// # Panics
    /// Where it is not installed or does not start: a test that asked for it cannot pass without it.
    pub fn start(program: Program, protection: Protection) -> Option<Self> {
        Self::start_with(program, protection, None)
    }

    /// Starts one whose disk holds so many MiB and no more; takes root, to mount it.
    ///
    /// # Panics
    /// As [`Server::start`].
    pub fn start_small(program: Program, protection: Protection, disk: usize) -> Option<Self> {
        Self::start_with(program, protection, Some(disk))
    }

    fn start_with(program: Program, protection: Protection, disk: Option<usize>) -> Option<Self> {
        if !is_root() && (program != Program::Proftpd || disk.is_some()) {
            // Not captured by the test harness, unlike eprintln.
            let _ = writeln!(std::io::stderr(), "LEFT OUT: {program:?} needs root, which this is not");
            return None;
        }
        // A port that was free may be taken by the time the server asks for it.
        for _ in 0..3 {
            if let Ok(server) = Self::try_start(program, protection, disk) {
                return Some(server);
            }
        }
        match Self::try_start(program, protection, disk) {
            Ok(server) => Some(server),
            Err(why) => panic!("{program:?} does not start: {why}"),
        }
    }

    fn try_start(program: Program, protection: Protection, disk: Option<usize>) -> Result<Self, String> {
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        open_to_all(dir.path());
        let home = dir.path().join("home");
        std::fs::create_dir_all(home.join("read-only")).unwrap();
        let port = free_port();
        let certificate = (protection == Protection::Required).then(|| {
            let made = self_signed(&["localhost", "127.0.0.1"]);
            std::fs::write(dir.path().join("cert.pem"), &made.certificate).unwrap();
            std::fs::write(dir.path().join("key.pem"), &made.key).unwrap();
            std::fs::set_permissions(dir.path().join("key.pem"), std::fs::Permissions::from_mode(0o600)).unwrap();
            made.certificate
        });
        let command = match program {
            Program::Vsftpd => vsftpd::command(dir.path(), port, protection),
            Program::Proftpd => proftpd::command(dir.path(), port, protection),
            Program::PureFtpd => pure_ftpd::command(dir.path(), port, protection),
        };
        let mut command = match disk {
            Some(disk) => on_small_disk(&command, &home, disk),
            None => command,
        };
        let log = std::fs::File::create(dir.path().join("log")).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .map_err(|error| format!("{:?}: {error}", command.get_program()))?;
        let mut server = Self { port, home, certificate: certificate.unwrap_or_default(), child, _dir: dir };
        server.greets()?;
        Ok(server)
    }

    /// Waits for the greeting.
    fn greets(&mut self) -> Result<(), String> {
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("{status}: {}", self.log()));
            }
            if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
                let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
                let mut start = [0; 3];
                if stream.read_exact(&mut start).is_ok() && &start == b"220" {
                    return Ok(());
                }
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(format!("no greeting: {}", self.log()))
    }

    /// What the server said.
    pub fn log(&self) -> String {
        let dir = self.home.parent().unwrap();
        ["log", "server.log"].map(|name| std::fs::read_to_string(dir.join(name)).unwrap_or_default()).concat()
    }
}

/// The same command where `home` is a disk of its own, which goes when the server does.
fn on_small_disk(command: &Command, home: &Path, mebibytes: usize) -> Command {
    let script = "mount -t tmpfs -o size=\"$0\"m,mode=777 tmpfs \"$1\" && shift && exec \"$@\"";
    let mut wrapped = Command::new("unshare");
    wrapped.args(["-m", "sh", "-c", script]).arg(mebibytes.to_string()).arg(home);
    wrapped.arg(command.get_program()).args(command.get_args());
    wrapped
}

/// Where a program was unpacked.
fn unpacked(path: &str) -> PathBuf {
    let dir = std::env::var_os("FTP_SERVERS_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/ftp"), PathBuf::from);
    let path = dir.join(path);
    assert!(path.exists(), "{} is missing: run .ci/ftp-servers {}", path.display(), dir.display());
    path
}

/// A port that nothing listens on.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

fn open_to_all(dir: &Path) {
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|of| std::os::unix::fs::MetadataExt::uid(&of) == 0)
}

/// Runs a command that has to succeed.
fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Runs a command that has to succeed, with something to read.
fn run_with(command: &mut Command, input: &str) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "{command:?}");
}
