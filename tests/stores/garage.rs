//! The suite over real S3 servers, and what they say when something is wrong.

use palette_console::clock;
use palette_console::storage::probe::{Check, Outcome, Permission, probe};
use palette_console::storage::s3::{self, Encryption, Settings};
use palette_console::storage::{Error, Kind, ObjectPath};

use crate::conformance::{self, Scale};
use crate::s3_real::{self, Real};

fn settings(real: &Real) -> Settings {
    Settings {
        region: real.region.to_owned(),
        access_key: real.access_key.to_owned(),
        secret_key: real.secret_key.to_owned().into(),
        ..crate::s3::settings(&real.endpoint)
    }
}

async fn probed(settings: Settings) -> Vec<Check> {
    let store = s3::open(settings, clock::system()).unwrap();
    probe(&*store, Permission::ReadWrite, clock::system().now(), &mut |_| {}).await
}

/// The step that failed and why.
async fn failure(settings: Settings) -> (&'static str, Error) {
    let checks = probed(settings).await;
    let failed = checks.iter().find_map(|check| match &check.outcome {
        Outcome::Failed(error) => Some((check.name, error.clone())),
        _ => None,
    });
    failed.unwrap_or_else(|| panic!("nothing failed: {checks:#?}"))
}

async fn keeps_every_promise(real: Real, scale: Scale) {
    let good = settings(&real);
    let checks = probed(good.clone()).await;
    println!("{checks:#?}");
    assert!(!checks.iter().any(|check| matches!(check.outcome, Outcome::Failed(_))), "{checks:#?}");
    conformance::run(s3::open(good, clock::system()).unwrap(), scale).await;
}

async fn tells_mistakes_apart(real: Real) {
    let good = settings(&real);
    let (_, error) = failure(Settings { secret_key: "f".repeat(64).into(), ..good.clone() }).await;
    assert_eq!(error.kind, Kind::Credentials, "{error:?}");
    let (_, error) = failure(Settings { access_key: "GK76543210fedcba9876543210".into(), ..good.clone() }).await;
    assert_eq!(error.kind, Kind::Credentials, "{error:?}");
    let (step, error) = failure(Settings { bucket: "missing".into(), ..good.clone() }).await;
    assert_eq!((step, error.kind), ("Bucket", Kind::NoSuchPlace), "{error:?}");
    let (_, error) = failure(Settings { region: "mars-1".into(), ..good }).await;
    assert_eq!(error.kind, Kind::Region, "{error:?}");
    assert!(error.advice.contains(real.region), "{error:?}");
}

#[tokio::test]
#[ignore = "needs garage"]
async fn garage_keeps_every_promise() {
    keeps_every_promise(s3_real::garage(), Scale::Full).await;
}

#[tokio::test]
#[ignore = "needs garage"]
async fn garage_tells_mistakes_apart() {
    tells_mistakes_apart(s3_real::garage()).await;
}

#[tokio::test]
#[ignore = "needs versitygw"]
async fn versitygw_keeps_every_promise() {
    keeps_every_promise(s3_real::versitygw(), Scale::Small).await;
}

#[tokio::test]
#[ignore = "needs versitygw"]
async fn versitygw_tells_mistakes_apart() {
    tells_mistakes_apart(s3_real::versitygw()).await;
}

/// Neither of the two encrypts by itself; both have to go on where they are asked to.
async fn is_asked_to_encrypt(real: Real) {
    let settings = Settings { encryption: Encryption::Aes256, ..settings(&real) };
    let store = s3::open(settings, clock::system()).unwrap();
    let path = ObjectPath::new("a/b").unwrap();
    store.put(&path, "sealed".into()).await.unwrap();
    assert_eq!(store.get(&path, 10).await.unwrap(), "sealed");
    println!("{:?}", store.remarks());
}

#[tokio::test]
#[ignore = "needs garage"]
async fn garage_is_asked_to_encrypt() {
    is_asked_to_encrypt(s3_real::garage()).await;
}

#[tokio::test]
#[ignore = "needs versitygw"]
async fn versitygw_is_asked_to_encrypt() {
    is_asked_to_encrypt(s3_real::versitygw()).await;
}

#[tokio::test]
#[ignore = "needs garage"]
async fn garage_over_its_quota_is_full() {
    let real = s3_real::garage();
    real.tell(&["bucket", "set-quotas", "--max-size", "1MiB", "backups"]);
    let store = s3::open(settings(&real), clock::system()).unwrap();
    let error = store.put(&ObjectPath::new("a/b").unwrap(), vec![7; 2 << 20].into()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Full, "{error:?}");
}
