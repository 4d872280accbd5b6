//! Trying a location: what is told, and that nothing is left behind whatever happens.

use std::sync::Arc;

use palette_console::clock::{self, ManualClock};
use palette_console::storage::faulty::{Call, Fault, Faulty};
use palette_console::storage::memory::Memory;
use palette_console::storage::probe::{Check, Event, Outcome, Permission, probe};
use palette_console::storage::{Kind, ObjectPath, Store, s3};

use crate::s3::settings;
use crate::s3_server::Server;

async fn tried(store: &dyn Store, permission: Permission) -> Vec<Check> {
    let mut events = Vec::new();
    let checks = probe(store, permission, clock::system().now(), &mut |event| events.push(event)).await;
    let ended = events.iter().filter_map(|event| match event {
        Event::Ended(check) => Some(check.clone()),
        Event::Begins(_) => None,
    });
    let ended: Vec<_> = ended.collect();
    assert_eq!(ended, checks, "every step is told as it ends");
    checks
}

fn names(checks: &[Check]) -> Vec<&str> {
    checks.iter().map(|check| check.name).collect()
}

fn failed(checks: &[Check]) -> Vec<(&'static str, Kind)> {
    let failed = |check: &'_ Check| match &check.outcome {
        Outcome::Failed(error) => Some((check.name, error.kind)),
        _ => None,
    };
    checks.iter().filter_map(failed).collect()
}

fn outcome<'a>(checks: &'a [Check], name: &str) -> &'a Outcome {
    &checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("no {name} in {checks:?}")).outcome
}

fn faulty() -> (Arc<Memory>, Faulty) {
    let memory = Arc::new(Memory::new(clock::system()));
    (memory.clone(), Faulty::new(memory))
}

#[tokio::test]
async fn a_good_store_passes_every_step_and_is_left_as_it_was() {
    let (memory, store) = faulty();
    let checks = tried(&store, Permission::ReadWrite).await;
    let expected = [
        "List",
        "Write",
        "Size",
        "Read back",
        "Find in the listing",
        "Nested folders",
        "Missing object",
        "Delete",
        "Clock",
    ];
    assert_eq!(names(&checks), expected);
    assert!(checks.iter().all(|check| matches!(check.outcome, Outcome::Passed(_))), "{checks:?}");
    assert!(memory.paths().is_empty());
}

#[tokio::test]
async fn permission_to_read_writes_nothing() {
    let (_, store) = faulty();
    let checks = tried(&store, Permission::Read).await;
    assert_eq!(names(&checks), ["List", "Missing object", "Clock"]);
    let writes = |call: &(Call, ObjectPath)| matches!(call.0, Call::Put | Call::Delete | Call::DeleteFolder);
    assert!(!store.log().iter().any(writes), "{:?}", store.log());
}

#[tokio::test]
async fn each_missing_permission_is_told_by_its_step() {
    let cases = [
        (Call::Put, vec!["Write"]),
        (Call::Get, vec!["Read back", "Missing object"]),
        (Call::List, vec!["List", "Find in the listing"]),
        (Call::Delete, vec!["Delete"]),
    ];
    for (call, steps) in cases {
        let (memory, store) = faulty();
        for _ in 0..20 {
            store.fail_next(call, Fault::Before(Kind::Denied));
        }
        let checks = tried(&store, Permission::ReadWrite).await;
        let expected: Vec<_> = steps.into_iter().map(|step| (step, Kind::Denied)).collect();
        assert_eq!(failed(&checks), expected, "{call:?}");
        if call == Call::Delete {
            let Outcome::Failed(error) = outcome(&checks, "Delete") else { panic!() };
            assert!(error.advice.contains("palbackup/probe-"), "what is left behind is named: {error:?}");
        } else {
            assert!(memory.paths().is_empty(), "{call:?}: {:?}", memory.paths());
        }
    }
}

#[tokio::test]
async fn nothing_is_left_behind_whichever_call_fails_and_however() {
    let (_, whole) = faulty();
    tried(&whole, Permission::ReadWrite).await;
    for call in 1..=whole.calls() {
        for fault in [Fault::Before(Kind::Denied), Fault::After(Kind::Timeout), Fault::Half(Kind::Interrupted)] {
            let (memory, store) = faulty();
            let deletes = whole.log()[call - 1].0 == Call::Delete;
            store.fail_at(call, fault);
            let checks = tried(&store, Permission::ReadWrite).await;
            let left = memory.paths();
            assert!(left.is_empty() || deletes && !failed(&checks).is_empty(), "{call} {fault:?}: {left:?}");
        }
    }
}

#[tokio::test]
async fn bytes_that_come_back_changed_are_noticed() {
    let (_, store) = faulty();
    store.fail_next(Call::Get, Fault::Corrupt);
    assert_eq!(failed(&tried(&store, Permission::ReadWrite).await), [("Read back", Kind::Mismatch)]);
}

#[tokio::test]
async fn an_s3_server_passes_and_is_left_empty() {
    let server = Server::start().await;
    let store = s3::open(settings(&server.endpoint), clock::system()).unwrap();
    let checks = tried(&*store, Permission::ReadWrite).await;
    assert_eq!(failed(&checks), [], "{checks:#?}");
    for name in ["Look up the server", "Connect", "TLS", "Sign in", "Bucket", "Versions and locks", "Overwriting"] {
        assert!(matches!(outcome(&checks, name), Outcome::Passed(_)), "{name}: {checks:#?}");
    }
    let left = store.walk(&ObjectPath::root()).await.unwrap();
    assert!(left.entries.is_empty(), "{left:?}");
    println!("{checks:#?}");
}

#[tokio::test]
async fn a_clock_that_is_off_is_told() {
    let server = Server::start().await;
    for (minutes, words) in [(20_i64, "20 min ahead of"), (-12, "12 min behind")] {
        let ours = clock::system().now() + chrono::TimeDelta::seconds(minutes * 60 + minutes.signum() * 20);
        let store = s3::open(settings(&server.endpoint), ManualClock::at(ours)).unwrap();
        let checks = tried(&*store, Permission::Read).await;
        let Outcome::Warning(found) = outcome(&checks, "Clock") else { panic!("{checks:?}") };
        assert!(found.contains(words), "{found}");
    }
}

#[tokio::test]
async fn after_a_failed_step_the_others_are_told_as_skipped() {
    let server = Server::start().await;
    let mut wrong = settings(&server.endpoint);
    wrong.secret_key = "another-secret".to_owned().into();
    let store = s3::open(wrong, clock::system()).unwrap();
    let checks = tried(&*store, Permission::ReadWrite).await;
    assert_eq!(failed(&checks), [("Sign in", Kind::Credentials)], "{checks:#?}");
    for name in ["Bucket", "Versions and locks", "Write", "Delete", "Clock"] {
        assert!(matches!(outcome(&checks, name), Outcome::Skipped(_)), "{name}");
    }
    assert!(!format!("{checks:?}").contains("another-secret"));
}

#[tokio::test]
async fn wrong_keys_bucket_and_port_are_told_apart() {
    let server = Server::start().await;
    let good = settings(&server.endpoint);
    let kind = async |settings| {
        let store = s3::open(settings, clock::system()).unwrap();
        failed(&tried(&*store, Permission::Read).await)
    };
    let key = s3::Settings { access_key: "AKOTHER".to_owned(), ..good.clone() };
    assert_eq!(kind(key).await, [("Sign in", Kind::Credentials)]);
    let bucket = s3::Settings { bucket: "missing".to_owned(), ..good.clone() };
    assert_eq!(kind(bucket).await, [("Bucket", Kind::NoSuchPlace)]);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let port = s3::Settings { endpoint: Some(format!("http://{free}")), ..good.clone() };
    assert_eq!(kind(port).await, [("Connect", Kind::Unreachable)]);
    // Where the environment names a proxy, that is asked for the host instead.
    if std::env::vars().any(|(name, value)| name.to_lowercase().ends_with("_proxy") && !value.is_empty()) {
        return;
    }
    let host = s3::Settings { endpoint: Some("http://no-such-host.invalid".to_owned()), ..good };
    assert_eq!(kind(host).await, [("Look up the server", Kind::NoSuchHost)]);
}
