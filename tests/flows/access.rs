//! How the command line reaches planes and signs in: flags, environment, certificates, and secrets that stay secret.

use std::path::PathBuf;

use palette_console::client::{Client, Kind, Login};
use palette_console::plane::{self, Door, Settings};
use palette_console::secret;
use palette_console::trust::Trust;
use secrecy::ExposeSecret;

use crate::process::{Home, Started, finish, serve};
use crate::proxy::Fault;
use crate::stage::{SICK, SOUND, Stage, credentials};

fn api_key(stage: &Stage) -> String {
    stage.credentials().tenant.unwrap().api_key.unwrap().expose_secret().to_owned()
}

#[tokio::test]
async fn the_environment_of_other_tools_works() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    let mut command = Home::new().command(&["pcgs", "list", "-o", "json"]);
    command.env("SPECTROCLOUD_HOST", proxy.url()).env("SPECTROCLOUD_APIKEY", api_key(&stage) + "\n");
    let done = finish(command).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(done.json().as_array().unwrap().len(), 8);
    let seen = &proxy.seen("GET", "/v1/overlords")[0];
    assert_eq!(seen.header("ApiKey"), Some(api_key(&stage).as_str()));
}

#[tokio::test]
async fn a_wrong_password_ends_with_four_after_one_try() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    let home = Home::new();
    let file = home.path().join("accounts.toml");
    let account = stage.credentials().tenant.unwrap();
    let text = format!("[tenant]\norg = \"acme\"\nemail = \"{}\"\npassword = \"wrong-and-secret\"\n", account.email);
    secret::write(&file, &text).unwrap();
    let done = home.run(&["pcgs", "list", "--url", proxy.url(), "--credentials", file.to_str().unwrap()]).await;
    assert_eq!(done.code, Some(4), "{done:?}");
    assert!(done.stderr.contains("4 tries are left") && !done.stderr.contains("wrong-and-secret"), "{done:?}");
    assert_eq!(proxy.count("POST", "/v1/auth/authenticate"), (1, 1));
}

#[tokio::test]
async fn a_wrong_api_key_ends_with_four_and_says_so() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    let mut command = Home::new().command(&["pcgs", "list", "--url", proxy.url()]);
    command.env("SPECTROCLOUD_APIKEY", "not-a-key-of-this-plane");
    let done = finish(command).await;
    assert_eq!(done.code, Some(4), "{done:?}");
    assert!(done.stderr.contains("does not accept the credentials of this command"), "{done:?}");
    assert!(!done.stderr.contains("not-a-key-of-this-plane"), "{done:?}");
}

#[tokio::test]
async fn a_key_that_is_revoked_meanwhile_ends_with_four_and_names_where_it_came_from() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    let refusal = serde_json::json!({ "code": "Unauthenticated", "message": "revoked", "ref": "ref-1" });
    proxy.always("GET", "/v1/overlords", Fault::json(401, &refusal));
    proxy.always("POST", "*", Fault::json(401, &refusal));
    let mut command = Home::new().command(&["pcgs", "list", "--url", proxy.url()]);
    command.env("SPECTROCLOUD_APIKEY", api_key(&stage));
    let done = finish(command).await;
    assert_eq!(done.code, Some(4), "{done:?}");
    assert!(done.stderr.contains("does not accept the credentials of this command"), "{done:?}");
    assert!(done.stderr.contains("SPECTROCLOUD_APIKEY"), "{done:?}");
}

#[tokio::test]
async fn no_credentials_end_with_four_and_exposed_ones_with_the_command_that_mends_them() {
    let stage = Stage::new().await;
    let proxy = stage.proxy().await;
    let done = Home::new().run(&["pcgs", "list", "--url", proxy.url()]).await;
    assert_eq!(done.code, Some(4), "{done:?}");
    assert!(done.stderr.contains("--api-key-file"), "{done:?}");
    let file = stage.dir.path().join(plane::CREDENTIALS);
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let done = Home::new().run(&["pcgs", "list", "--data-dir", stage.dir.path().to_str().unwrap()]).await;
    assert!(done.code.is_some_and(|code| code != 0) && done.stderr.contains("chmod 600"), "{done:?}");
}

#[tokio::test]
async fn what_is_no_plane_ends_with_six() {
    let stage = Stage::new().await;
    let key = stage.dir.path().join("key");
    secret::write(&key, "key").unwrap();
    let words =
        |url: &str| ["pcgs", "list", "--url", url, "--api-key-file", key.to_str().unwrap()].map(str::to_owned).to_vec();
    let run = async |url: &str| {
        let words = words(url);
        Home::new().run(&words.iter().map(String::as_str).collect::<Vec<_>>()).await
    };
    let (_kept, nobody) = crate::proxy::nobody();
    let away = run(&format!("http://{nobody}")).await;
    assert_eq!(away.code, Some(6), "{away:?}");
    assert!(away.stderr.contains("cannot be reached") && away.stderr.contains(&nobody.to_string()), "{away:?}");
    let proxy = stage.proxy().await;
    for method in ["GET", "POST"] {
        proxy.always(method, "*", Fault::html(200));
    }
    let page = run(proxy.url()).await;
    assert_eq!(page.code, Some(6), "{page:?}");
    assert!(page.stderr.contains("a web page, not the Palette API"), "{page:?}");
    let plain = run("http://palette.example.com").await;
    assert_eq!(plain.code, Some(2), "{plain:?}");
    assert!(plain.stderr.contains("unencrypted"), "{plain:?}");
}

/// A plane behind a self-signed certificate.
struct Tls {
    running: plane::Running,
    dir: tempfile::TempDir,
    cert: PathBuf,
    fingerprint: String,
}

async fn tls() -> Tls {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    secret::write(&key, &made.signing_key.serialize_pem()).unwrap();
    let digest = ring::digest::digest(&ring::digest::SHA256, made.cert.der());
    let fingerprint = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":");
    let door = Door::Tls { address: "127.0.0.1:0".parse().unwrap(), cert: cert.clone(), key };
    let running = plane::start(Settings::sandbox(dir.path().join("data")), door).await.unwrap();
    Tls { running, dir, cert, fingerprint }
}

impl Tls {
    async fn read(&self, trust: Trust) -> Result<usize, palette_console::client::Error> {
        let address = self.running.url().unwrap().parse().unwrap();
        let options = palette_console::client::Options::new(address, palette_console::clock::system());
        let client = Client::new(palette_console::client::Options { trust, ..options })?;
        client.login(&Login::tenant_of(&credentials(&self.dir.path().join("data"))).unwrap()).await?;
        client.overlords().await.map(|list| list.len())
    }
}

#[tokio::test]
async fn an_unknown_certificate_is_refused_with_the_fingerprint_to_compare() {
    let tls = tls().await;
    let error = tls.read(Trust::default()).await.unwrap_err();
    assert!(matches!(error.kind, Kind::Untrusted { fingerprint: Some(_), .. }), "{error:?}");
    assert!(error.to_string().contains(&format!("--tls-pin {}", tls.fingerprint.replace(':', ""))), "{error}");
    assert_eq!(tls.read(Trust { ca_file: Some(tls.cert.clone()), pin: None }).await, Ok(8));
    assert_eq!(tls.read(Trust { ca_file: None, pin: Some(tls.fingerprint.parse().unwrap()) }).await, Ok(8));
    let wrong = "AB".repeat(32).parse().unwrap();
    let error = tls.read(Trust { ca_file: None, pin: Some(wrong) }).await.unwrap_err();
    assert!(matches!(error.kind, Kind::Untrusted { .. }), "{error:?}");
    assert!(error.to_string().contains(&tls.fingerprint.replace(':', "")), "{error}");
}

#[tokio::test]
async fn certificates_are_trusted_by_flag_and_by_environment() {
    let tls = tls().await;
    let url = tls.running.url().unwrap();
    let accounts = tls.dir.path().join("data").join(plane::CREDENTIALS);
    let words = ["pcgs", "list", "--url", &url, "--credentials", accounts.to_str().unwrap()];
    let run = async |more: &[&str]| Home::new().run(&[&words, more].concat()).await;
    let untrusted = run(&[]).await;
    assert_eq!(untrusted.code, Some(6), "{untrusted:?}");
    assert!(untrusted.stderr.contains(&tls.fingerprint.replace(':', "")), "{untrusted:?}");
    assert_eq!(run(&["--ca-file", tls.cert.to_str().unwrap()]).await.code, Some(0));
    assert_eq!(run(&["--tls-pin", &tls.fingerprint]).await.code, Some(0));
    assert_eq!(run(&["--tls-pin", &"AB".repeat(32)]).await.code, Some(6));
    assert_eq!(run(&["--tls-pin", "AB"]).await.code, Some(2));
    assert_eq!(run(&["--ca-file", "/nowhere/ca.pem"]).await.code, Some(2));
    let mut command = Home::new().command(&words);
    command.env("PALETTE_CA_FILE", &tls.cert);
    assert_eq!(finish(command).await.code, Some(0));
}

#[tokio::test]
async fn secrets_are_neither_in_the_arguments_nor_on_stderr_nor_in_the_logs() {
    let (home, dir) = (Home::new(), tempfile::tempdir().unwrap());
    let (mut served, url) = serve(&home, dir.path(), &["--migration-pace", "86400000"]);
    let tenant = credentials(dir.path()).tenant.unwrap();
    let password_only = home.path().join("accounts.toml");
    let password = tenant.password.expose_secret();
    let text = format!("[tenant]\norg = \"{}\"\nemail = \"{}\"\npassword = \"{password}\"\n", tenant.org, tenant.email);
    secret::write(&password_only, &text).unwrap();
    let mut command = home.command(&["pcgs", "migrate", SICK, "--to", SOUND, "--yes", "--url", &url]);
    command.arg("--credentials").arg(&password_only).env("PALETTE_CONSOLE_LOG", "trace");
    let running = Started::new(command);
    let mut said = running.until_it_says("1 of 12");
    let arguments = [running.pid(), served.pid()].map(|pid| std::fs::read(format!("/proc/{pid}/cmdline")).unwrap());
    // With the plane gone it is at the mercy of its retries: enough to be told and logged.
    served.kill();
    said += &running.until_it_says("Lost sight of the plane");
    running.terminate();
    let logs = {
        drop(running);
        home.logs()
    };
    assert!(!logs.is_empty(), "the commands log where they are told to");
    for secret in [password, tenant.api_key.as_ref().unwrap().expose_secret(), "eyJ"] {
        for text in arguments.iter().map(|bytes| String::from_utf8_lossy(bytes)) {
            assert!(text.contains("--data-dir") || text.contains("--credentials"), "{text}");
            assert!(!text.contains(secret), "an argument shows a secret");
        }
        assert!(!said.contains(secret), "stderr shows a secret");
        assert!(!logs.contains(secret), "the log shows a secret");
    }
}
