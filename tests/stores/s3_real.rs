//! Real S3 servers as ordinary child processes on loopback: garage and versitygw.
//!
//! Found at `$GARAGE` and `$VERSITYGW`, in `target/tools/bin`, or on the path. For other test binaries as well: it uses
//! nothing of this one.

use std::ffi::OsString;
use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server with one bucket, `backups`; it is killed and its data removed when this is dropped.
pub struct Real {
    child: Child,
    pub endpoint: String,
    pub region: &'static str,
    pub access_key: &'static str,
    pub secret_key: &'static str,
    /// How garage is told something, up to what.
    cli: Vec<OsString>,
    _root: tempfile::TempDir,
}

impl Real {
    /// Runs one of garage's own commands, which has to succeed; what it said.
    pub fn tell(&self, arguments: &[&str]) -> String {
        let (program, before) = self.cli.split_first().expect("only garage can be told something");
        let output = Command::new(program).args(before).args(arguments).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{arguments:?}: {told}{}", String::from_utf8_lossy(&output.stderr));
        told
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program, or a panic that says where it was looked for.
fn binary(name: &str) -> PathBuf {
    let from_env = std::env::var_os(name.to_uppercase()).map(PathBuf::from);
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin").join(name);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|dir| dir.join(name));
    let mut places = from_env.into_iter().chain([built]).chain(on_path);
    places
        .find(|place| place.is_file())
        .unwrap_or_else(|| panic!("needs {name}: not at ${}, in target/tools/bin or on the path", name.to_uppercase()))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn start(command: &mut Command, root: &Path, port: u16) -> Child {
    let log = File::create(root.join("log")).unwrap();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let ended = child.try_wait().unwrap();
        if ended.is_some() || begun.elapsed() > Duration::from_secs(30) {
            let _ = child.kill();
            let log = std::fs::read_to_string(root.join("log")).unwrap_or_default();
            panic!("it does not listen ({ended:?}); it said:\n{log}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

/// garage: its own storage engine, no conditional writes, a region of its own.
pub fn garage() -> Real {
    const ACCESS: &str = "GK0123456789abcdef01234567";
    const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let program = binary("garage");
    let root = tempfile::tempdir().unwrap();
    let (rpc, api) = (free_port(), free_port());
    let (at, config) = (root.path().display(), root.path().join("garage.toml"));
    let text = format!(
        "metadata_dir = \"{at}/meta\"\ndata_dir = \"{at}/data\"\ndb_engine = \"sqlite\"\nreplication_factor = 1\n\
         rpc_bind_addr = \"127.0.0.1:{rpc}\"\nrpc_public_addr = \"127.0.0.1:{rpc}\"\nrpc_secret = \"{SECRET}\"\n\
         [s3_api]\ns3_region = \"garage\"\napi_bind_addr = \"127.0.0.1:{api}\"\nroot_domain = \".s3.garage\"\n"
    );
    std::fs::write(&config, text).unwrap();
    let child = start(Command::new(&program).arg("-c").arg(&config).arg("server"), root.path(), api);
    let endpoint = format!("http://127.0.0.1:{api}");
    let cli = vec![program.into_os_string(), "-c".into(), config.into_os_string()];
    let real = Real { child, endpoint, region: "garage", access_key: ACCESS, secret_key: SECRET, cli, _root: root };
    let tell = |arguments: &[&str]| real.tell(arguments);
    let id = tell(&["node", "id", "-q"]);
    let id = id.split('@').next().unwrap_or_default().trim();
    tell(&["layout", "assign", "-z", "z1", "-c", "1G", id]);
    tell(&["layout", "apply", "--version", "1"]);
    tell(&["key", "import", "--yes", "-n", "test", ACCESS, SECRET]);
    tell(&["bucket", "create", "backups"]);
    tell(&["bucket", "allow", "--read", "--write", "backups", "--key", "test"]);
    real
}

/// versitygw: S3 over a directory, strict about checksums, conditional writes.
pub fn versitygw() -> Real {
    let program = binary("versitygw");
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    std::fs::create_dir_all(data.join("backups")).unwrap();
    std::fs::create_dir_all(root.path().join("meta")).unwrap();
    let port = free_port();
    let mut command = Command::new(program);
    command.env("ROOT_ACCESS_KEY_ID", "AKVERSITY").env("ROOT_SECRET_ACCESS_KEY", "secret-of-versity");
    command.args(["--port", &format!("127.0.0.1:{port}"), "--region", "site-1", "--keep-alive", "posix", "--sidecar"]);
    let child = start(command.arg(root.path().join("meta")).arg(&data), root.path(), port);
    let endpoint = format!("http://127.0.0.1:{port}");
    let (access_key, secret_key) = ("AKVERSITY", "secret-of-versity");
    Real { child, endpoint, region: "site-1", access_key, secret_key, cli: Vec::new(), _root: root }
}
