//! One data directory, several processes of the real binary.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

fn console(data_dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palette-console"));
    command.args(arguments).arg("--data-dir").arg(data_dir);
    command.env_clear().env("HOME", data_dir).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Ends with the test, however the test ends.
struct Daemon(Child);

impl Daemon {
    fn serve(data_dir: &Path) -> Self {
        let arguments = ["serve", "--sandbox", "--listen", "127.0.0.1:0", "--migration-pace", "150"];
        let mut daemon = Self(console(data_dir, &arguments).spawn().unwrap());
        let mut line = String::new();
        BufReader::new(daemon.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("listening on http://127.0.0.1:"), "{line}");
        daemon
    }

    /// As `kill -9` does.
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_migration_outlives_the_process_that_ran_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut daemon = Daemon::serve(dir.path());
    let order = ["pcgs", "migrate", "berlin-vsphere-1", "--to", "berlin-vsphere-2", "--yes"];
    let mut watching = console(dir.path(), &order).spawn().unwrap();
    let mut said = BufReader::new(watching.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(said.by_ref().any(|line| line.starts_with("6 of 12")));
    daemon.kill();
    let rest: Vec<_> = said.collect();
    assert!(watching.wait().unwrap().success(), "{rest:?}");
    assert!(rest.iter().any(|line| line.contains("this command runs it now")), "{rest:?}");
    let trail = console(dir.path(), &["audits", "list", "-o", "csv"]).output().unwrap();
    let trail = String::from_utf8(trail.stdout).unwrap();
    for told in ["Started to migrate 12 clusters from berlin-vsphere-1", "Migrated 12 clusters from berlin-vsphere-1"] {
        assert_eq!(trail.matches(told).count(), 1, "{trail}");
    }
}

#[test]
fn commands_that_start_at_once_on_a_fresh_directory_share_one_plane() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let started: Vec<_> = (0..6).map(|_| console(&data, &["pcgs", "list"]).spawn().unwrap()).collect();
    for command in started {
        let output = command.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains("berlin-vsphere-1"));
    }
}
