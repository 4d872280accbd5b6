use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::rig::{As, End, Rig, code, content, noon};

fn claims(token: &As) -> Value {
    let As::Token(token) = token else { panic!("no token") };
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn every_kind_of_session_opens_its_own_console_only() {
    let rig = Rig::new().await;
    let (tenant, system) = (rig.tenant().await, rig.system().await);
    let As::Token(raw) = &tenant else { unreachable!() };
    let bearer = As::Token(format!("Bearer {raw}"));
    let broken = As::Token("a.b.c".into());
    let matrix = [
        ("/v1/overlords", &As::Nobody, 401),
        ("/v1/overlords", &broken, 401),
        ("/v1/overlords", &bearer, 401),
        ("/v1/overlords", &tenant, 200),
        ("/v1/overlords", &rig.key, 200),
        ("/v1/overlords", &system, 403),
        ("/v1/audits", &system, 403),
        ("/v1/system/users/me", &As::Nobody, 401),
        ("/v1/system/users/me", &tenant, 403),
        ("/v1/system/users/me", &rig.key, 403),
        ("/v1/system/users/me", &system, 200),
        ("/v1/system/loginBanner", &As::Nobody, 200),
        ("/v1/system/classificationBanner", &tenant, 403),
        ("/v1/users/info", &system, 403),
        ("/v1/users/info", &rig.key, 200),
        ("/ext/v1/capabilities", &As::Nobody, 200),
    ];
    for (path, who, expected) in matrix {
        let (status, body) = rig.client.get(who, path).await;
        assert_eq!(status, expected, "{path}: {body}");
        if status >= 400 {
            assert!(body["ref"].as_str().unwrap().starts_with("ref-") && !body["message"].as_str().unwrap().is_empty());
        }
    }
    let wrong_key = As::ApiKey("no-such-key".into());
    assert_eq!(rig.client.get(&wrong_key, "/v1/overlords").await.0, 401);
}

#[tokio::test]
async fn a_forbidden_change_is_refused_and_told() {
    let rig = Rig::new().await;
    let uid = rig.uid("lab-cloudstack").await;
    let system = rig.system().await;
    let answer = rig.client.get(&system, "/v1/overlords").await;
    assert_eq!(code(&answer), (403, "Forbidden"));
    let answer = rig.client.call(&system, "DELETE", &format!("/v1/overlords/{uid}"), Value::Null).await;
    assert_eq!(code(&answer), (403, "Forbidden"));
    let told = rig.newest().await;
    assert_eq!(told["spec"]["resource"]["name"], "DELETE /v1/overlords/{uid}");
    assert_eq!(told["spec"]["actor"]["user"]["emailId"], "admin");
}

#[tokio::test]
async fn a_token_is_a_jwt_that_ends_when_it_says() {
    let rig = Rig::new().await;
    let token = rig.tenant().await;
    let claims = claims(&token);
    assert_eq!(claims["iat"], noon().timestamp());
    assert_eq!(claims["exp"], noon().timestamp() + 900);
    assert_eq!(claims["kind"], "tenant");
    rig.clock.advance(TimeDelta::seconds(899));
    assert_eq!(rig.client.get(&token, "/v1/users/info").await.0, 200);
    rig.clock.advance(TimeDelta::seconds(1));
    let answer = rig.client.get(&token, "/v1/users/info").await;
    assert_eq!(code(&answer), (401, "Unauthenticated"));
    assert!(answer.1["message"].as_str().unwrap().contains("expired"));
}

#[tokio::test]
async fn a_renewed_token_outlives_the_old_one_in_the_same_session() {
    let rig = Rig::new().await;
    let old = rig.tenant().await;
    let As::Token(raw) = &old else { unreachable!() };
    rig.clock.advance(TimeDelta::minutes(10));
    let (status, body) = rig.client.get(&old, &format!("/v1/auth/refresh/{raw}?setCookie=false")).await;
    assert_eq!(status, 200);
    let new = As::Token(body["Authorization"].as_str().unwrap().to_owned());
    assert_eq!(claims(&old)["sid"], claims(&new)["sid"]);
    assert_ne!(claims(&old)["jti"], claims(&new)["jti"]);
    assert_eq!(rig.client.get(&old, "/v1/users/info").await.0, 200);
    rig.clock.advance(TimeDelta::minutes(6));
    assert_eq!(rig.client.get(&old, "/v1/users/info").await.0, 401);
    assert_eq!(rig.client.get(&new, "/v1/users/info").await.0, 200);
    assert_eq!(rig.client.get(&new, &format!("/v1/auth/refresh/{raw}")).await.0, 401);
}

#[tokio::test]
async fn a_token_survives_a_restart() {
    let mut rig = Rig::new().await;
    let token = rig.tenant().await;
    rig.restart(End::InOrder).await;
    assert_eq!(rig.client.get(&token, "/v1/users/info").await.0, 200);
}

#[tokio::test]
async fn five_wrong_passwords_lock_the_account_for_fifteen_minutes() {
    let mut rig = Rig::new().await;
    for left in [4, 3, 2, 1] {
        let answer = rig.system_sign_in(Some("wrong")).await;
        assert_eq!(code(&answer), (401, "InvalidCredentials"));
        assert_eq!(answer.1["details"], json!({ "attemptsLeft": left }));
    }
    let answer = rig.system_sign_in(Some("wrong")).await;
    assert_eq!(code(&answer), (423, "AccountLocked"));
    assert_eq!(answer.1["details"], json!({ "retryAfterSeconds": 900 }));
    assert_eq!(rig.sign_in(None).await.0, 200, "the tenant's account is another one");
    rig.clock.advance(TimeDelta::minutes(10));
    rig.restart(End::AtOnce).await;
    let answer = rig.system_sign_in(None).await;
    assert_eq!(code(&answer), (423, "AccountLocked"));
    assert_eq!(answer.1["details"], json!({ "retryAfterSeconds": 300 }));
    rig.clock.advance(TimeDelta::minutes(5));
    assert_eq!(rig.system_sign_in(None).await.0, 200);
    assert_eq!(rig.system_sign_in(Some("wrong")).await.1["details"], json!({ "attemptsLeft": 4 }));
}

#[tokio::test]
async fn the_right_password_starts_the_count_anew() {
    let rig = Rig::new().await;
    for _ in 0..4 {
        rig.sign_in(Some("wrong")).await;
    }
    assert_eq!(rig.sign_in(None).await.0, 200);
    assert_eq!(rig.sign_in(Some("wrong")).await.1["details"], json!({ "attemptsLeft": 4 }));
}

#[tokio::test]
async fn wrong_passwords_that_come_at_once_are_all_counted() {
    let rig = Rig::new().await;
    let wrong = || rig.system_sign_in(Some("wrong"));
    tokio::join!(wrong(), wrong(), wrong(), wrong(), wrong());
    assert_eq!(rig.system_sign_in(None).await.0, 423);
}

#[tokio::test]
async fn a_flood_of_logins_is_turned_away_and_not_queued() {
    let rig = Rig::new().await;
    let answers = futures_util::future::join_all((0..64).map(|_| rig.sign_in(None))).await;
    let of = |status| answers.iter().filter(|answer| answer.0 == status).count();
    assert!(of(200) >= 32 && of(429) > 0 && of(200) + of(429) == 64, "{answers:?}");
    assert_eq!(rig.sign_in(None).await.0, 200);
}

#[tokio::test]
async fn a_client_that_hangs_up_is_counted_and_told_of_all_the_same() {
    use tokio::io::AsyncWriteExt;
    let rig = Rig::new().await;
    let body = json!({ "username": "admin", "password": "wrong" }).to_string();
    let head = "POST /v1/auth/syslogin HTTP/1.1\r\nHost: plane\r\nContent-Type: application/json\r\nContent-Length";
    let mut hasty = tokio::net::UnixStream::connect(rig.running.as_ref().unwrap().socket()).await.unwrap();
    hasty.write_all(format!("{head}: {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
    drop(hasty);
    let told = async {
        while content(&rig.newest().await) != "Refused: wrong password, 4 tries left." {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), told).await.expect("the trail tells of it");
}

#[tokio::test]
async fn a_name_that_nobody_has_is_answered_like_a_wrong_password() {
    let rig = Rig::new().await;
    let body = json!({ "emailId": "nobody@acme.example", "org": "", "password": "wrong" });
    for left in [4, 3, 2, 1] {
        let answer = rig.client.call(&As::Nobody, "POST", "/v1/auth/authenticate", body.clone()).await;
        assert_eq!(code(&answer), (401, "InvalidCredentials"));
        assert_eq!(answer.1["details"], json!({ "attemptsLeft": left }));
    }
    let answer = rig.client.call(&As::Nobody, "POST", "/v1/auth/authenticate", body).await;
    assert_eq!(code(&answer), (423, "AccountLocked"));
}

#[tokio::test]
async fn the_trail_tells_of_logins_and_never_of_passwords() {
    let rig = Rig::new().await;
    rig.sign_in(Some("hunter2-hunter2")).await;
    rig.sign_in(None).await;
    let told = rig.trail("actionType=activity&limit=2").await;
    assert_eq!(content(&told[0]), "admin@acme.example signed in.");
    assert_eq!(content(&told[1]), "Refused: wrong password, 4 tries left.");
    assert_eq!(told[1]["spec"]["actor"]["user"]["org"], "acme");
    assert!(!serde_json::to_string(&told).unwrap().contains("hunter2"));
}

#[tokio::test]
async fn another_tenant_is_a_wrong_password() {
    let rig = Rig::new().await;
    let tenant = crate::rig::credentials(rig.dir.path()).tenant.unwrap();
    let password = secrecy::ExposeSecret::expose_secret(&tenant.password).to_owned();
    let body = json!({ "emailId": tenant.email, "org": "globex", "password": password });
    let answer = rig.client.call(&As::Nobody, "POST", "/v1/auth/authenticate", body).await;
    assert_eq!(code(&answer), (401, "InvalidCredentials"));
}

thread_local! {
    /// What was logged on this test's thread, where its plane runs too.
    static LOG: std::cell::RefCell<Vec<u8>> = const { std::cell::RefCell::new(Vec::new()) };
}

struct ThreadLog;

impl std::io::Write for ThreadLog {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_names_operations_and_never_tokens_or_passwords() {
    let filter = tracing_subscriber::EnvFilter::new("palette_console=trace");
    // For the whole process: tests run side by side, and a subscriber of one thread is not seen in time.
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| ThreadLog).init();
    let rig = Rig::new().await;
    let token = rig.tenant().await;
    let As::Token(raw) = &token else { unreachable!() };
    rig.client.get(&As::Nobody, &format!("/v1/auth/refresh/{raw}")).await;
    rig.sign_in(Some("hunter2-hunter2")).await;
    let text = String::from_utf8(LOG.take()).unwrap();
    assert!(text.contains("/v1/auth/refresh/{token}") && text.contains("/v1/auth/authenticate"), "{text}");
    let tenant = crate::rig::credentials(rig.dir.path()).tenant.unwrap();
    let password = secrecy::ExposeSecret::expose_secret(&tenant.password);
    for secret in [raw.as_str(), password, "hunter2"] {
        assert!(!text.contains(secret), "{text}");
    }
}
