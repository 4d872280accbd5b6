//! The first start: uids, keys, accounts and their credentials, and the sandbox's inventory.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, TransactionBehavior};
use secrecy::{ExposeSecret, SecretString};

use super::auth::password;
use super::auth::token::Keyring;
use super::backups::words::Trouble;
use super::error::StartError;
use super::failure::{Failure, StorageError};
use super::sandbox;
use super::settings::{Scale, Settings};
use super::state::Identity;
use super::store::accounts::{self, Account, Kind};
use super::store::gateways;
use super::store::open::{FILE as DATABASE, start_error};
use super::store::settings::{self, Key};
use super::uid;
use crate::secret::{self, Credentials};

/// Name of the accounts' file in the data directory.
pub const CREDENTIALS: &str = "credentials.toml";
const SYSTEM_USER: &str = "admin";

/// The passwords of a plane, as `credentials.toml` holds them.
struct Secrets {
    org: String,
    email: String,
    password: SecretString,
    api_key: SecretString,
    system_username: String,
    system_password: SecretString,
}

/// Who the plane is, the key that signs its tokens, and what its owner should know. Fills a fresh database first.
///
/// # Errors
/// In words, where the directory cannot be written or the database is damaged.
pub fn prepare(
    connection: &mut Connection,
    settings: &Settings,
    dir: &Path,
) -> Result<(Identity, Keyring, Vec<String>), StartError> {
    let database = dir.join(DATABASE);
    let failed = |failure: Failure| match failure {
        Failure::Storage(storage) => start_error(&database, storage),
        Failure::Refused(refusal) => StartError::Internal(refusal.message),
    };
    let now = settings.clock.now();
    let path = dir.join(CREDENTIALS);
    let mut warnings = Vec::new();
    settle_credentials(connection, dir).map_err(failed)?;
    if read(connection, Key::PlaneUid).map_err(failed)?.is_none() {
        let accounts = Accounts::make(&path, settings.sandbox.is_some(), now)?;
        fill(connection, settings.sandbox, &accounts, now).map_err(failed)?;
    } else if !path.exists() {
        warnings.push(format!(
            "{} is missing. The accounts are unchanged, but their passwords are stored nowhere else; if you do not have them, set {} aside and start with a fresh one.",
            path.display(),
            database.display()
        ));
    }
    let (identity, keyring) = identity(connection).map_err(failed)?;
    gateways::beat(connection, now).map_err(Failure::from).map_err(failed)?;
    Ok((identity, keyring, warnings))
}

fn read(connection: &Connection, key: Key) -> Result<Option<String>, Failure> {
    Ok(settings::get(connection, key)?)
}

/// Who a database says the plane is, and the key that signs its tokens.
///
/// # Errors
/// Where a value that every plane has is missing.
pub fn identity(connection: &Connection) -> Result<(Identity, Keyring), Failure> {
    let must = |key| {
        read(connection, key)?
            .ok_or_else(|| Failure::from(StorageError::Damaged("a value that every plane has is missing".to_owned())))
    };
    let key = STANDARD
        .decode(must(Key::TokenSecret)?)
        .map_err(|_| StorageError::Damaged("the key that signs tokens is malformed".to_owned()))?;
    let identity = Identity {
        plane_uid: must(Key::PlaneUid)?,
        tenant_uid: must(Key::TenantUid)?,
        org: must(Key::Org)?,
        sandbox: must(Key::Sandbox)? == "true",
    };
    Ok((identity, Keyring::new(&key)))
}

/// What a fresh database needs beside its inventory.
struct Accounts {
    org: String,
    token_key: String,
    tenant: Account,
    system: Account,
}

impl Accounts {
    /// Made before the database is: accounts whose passwords are not on disk must not exist.
    fn make(path: &Path, sandbox: bool, now: DateTime<Utc>) -> Result<Self, StartError> {
        let secrets = secrets(path, sandbox)?;
        Ok(Self {
            token_key: STANDARD.encode(password::random::<32>()?),
            tenant: account(Kind::Tenant, &secrets.email, &secrets.password, Some(&secrets.api_key), now)?,
            system: account(Kind::System, &secrets.system_username, &secrets.system_password, None, now)?,
            org: secrets.org,
        })
    }
}

/// All of it in one transaction: a start that is cut short leaves an empty database, which the next one fills.
fn fill(
    connection: &mut Connection,
    sandbox: Option<Scale>,
    accounts: &Accounts,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (name, value) in [
        (Key::PlaneUid, &uid::fresh()),
        (Key::TenantUid, &uid::fresh()),
        (Key::Org, &accounts.org),
        (Key::TokenSecret, &accounts.token_key),
        (Key::Sandbox, &sandbox.is_some().to_string()),
    ] {
        settings::set(&transaction, name, value)?;
    }
    accounts::insert(&transaction, &accounts.tenant)?;
    accounts::insert(&transaction, &accounts.system)?;
    if let Some(scale) = sandbox {
        sandbox::fill(&transaction, scale, &accounts.org, now)?;
    }
    Ok(transaction.commit()?)
}

fn account(
    kind: Kind,
    login: &str,
    secret: &SecretString,
    api_key: Option<&SecretString>,
    now: DateTime<Utc>,
) -> Result<Account, StartError> {
    let (first, last) = match kind {
        Kind::Tenant => ("Tenant", "Admin"),
        Kind::System => ("System", "Admin"),
    };
    Ok(Account {
        uid: uid::fresh(),
        kind,
        login: login.to_lowercase(),
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        email: if kind == Kind::Tenant { login.to_owned() } else { String::new() },
        password_hash: password::hash(secret)?,
        api_key_sha256: api_key.map(|key| password::api_key_sha256(key.expose_secret())),
        created: now,
    })
}

/// The passwords of a fresh database: those of an earlier one, where their file is still there (the database
/// was set aside, or its making was cut short), else new ones.
fn secrets(path: &Path, sandbox: bool) -> Result<Secrets, StartError> {
    if fs::symlink_metadata(path).is_ok()
        && let Credentials { tenant: Some(tenant), system: Some(system) } = Credentials::read(path)?
        && let Some(api_key) = tenant.api_key
    {
        return Ok(Secrets {
            org: tenant.org,
            email: tenant.email,
            password: tenant.password,
            api_key,
            system_username: system.username,
            system_password: system.password,
        });
    }
    let (org, email) = if sandbox { ("acme", "admin@acme.example") } else { ("default", "admin@palette.example") };
    let made = Secrets {
        org: org.to_owned(),
        email: email.to_owned(),
        password: password::generate()?,
        api_key: password::generate_api_key()?,
        system_username: SYSTEM_USER.to_owned(),
        system_password: password::generate()?,
    };
    secret::write(path, &made.text(""))?;
    Ok(made)
}

impl Secrets {
    /// The file's text. Generated text holds neither quotes nor backslashes, so plain TOML strings carry it.
    fn text(&self, note: &str) -> String {
        let made = self;
        format!(
            "{note}# Accounts of this plane. Whoever reads this file can sign in.\n\n[tenant]\norg = \"{}\"\nemail = \"{}\"\npassword = \"{}\"\napi_key = \"{}\"\n\n[system]\nusername = \"{}\"\npassword = \"{}\"\n",
            made.org,
            made.email,
            made.password.expose_secret(),
            made.api_key.expose_secret(),
            made.system_username,
            made.system_password.expose_secret()
        )
    }
}

/// What a note in the new file says before the name that the database knows it by.
const NOTE: &str = "# Written by a recovery: ";

/// What credentials are called that made room for others, before the name that their database knows them by.
const KEPT: &str = "credentials.kept-";

fn next(dir: &Path) -> PathBuf {
    dir.join("credentials.next.toml")
}

/// Gives the accounts of a recovered database new passwords and writes them beside `credentials.toml`. They take its place
/// once the database is in place: see [`settle_credentials`].
///
/// # Errors
/// In words.
pub fn renew_accounts(connection: &Connection, dir: &Path) -> Result<(), Trouble> {
    let wrong = |error: rusqlite::Error| Trouble::new(format!("the backup's accounts cannot be changed: {error}"));
    let random = |error: StartError| Trouble::new(error.to_string());
    let of = |kind| {
        let found = accounts::any(connection, kind).map_err(wrong)?;
        found.ok_or_else(|| Trouble::new(format!("the backup has no {} account", kind.as_str())))
    };
    let (tenant, system) = (of(Kind::Tenant)?, of(Kind::System)?);
    let org = settings::get(connection, Key::Org).map_err(wrong)?.unwrap_or_default();
    let made = Secrets {
        org: plain(&org)?,
        email: plain(if tenant.email.is_empty() { &tenant.login } else { &tenant.email })?,
        password: password::generate().map_err(random)?,
        api_key: password::generate_api_key().map_err(random)?,
        system_username: plain(&system.login)?,
        system_password: password::generate().map_err(random)?,
    };
    let key = password::api_key_sha256(made.api_key.expose_secret());
    let hash = password::hash(&made.password).map_err(random)?;
    accounts::renew(connection, &tenant.uid, &hash, Some(&key)).map_err(wrong)?;
    let hash = password::hash(&made.system_password).map_err(random)?;
    accounts::renew(connection, &system.uid, &hash, None).map_err(wrong)?;
    let name = uid::fresh();
    settings::set(connection, Key::Credentials, &name).map_err(wrong)?;
    secret::write(&next(dir), &made.text(&format!("{NOTE}{name}\n"))).map_err(|error| Trouble::new(error.to_string()))
}

/// Text that a plain TOML string can hold.
fn plain(text: &str) -> Result<String, Trouble> {
    if text.chars().any(|letter| letter.is_control() || letter == '"' || letter == '\\') {
        return Err(Trouble::new("an account of the backup has a name that cannot be written down"));
    }
    Ok(text.to_owned())
}

/// Puts the credentials in place that belong to the database: those that a recovery wrote, or the ones from before it where
/// the state from before has come back. The ones that make room are kept beside them; those of a recovery that did not
/// happen are dropped.
///
/// # Errors
/// Those of the storage and the disk.
pub fn settle_credentials(connection: &Connection, dir: &Path) -> Result<(), Failure> {
    let (current, next) = (dir.join(CREDENTIALS), next(dir));
    let wanted = settings::get(connection, Key::Credentials)?;
    if let Some(present) = named(&current).map_err(unwritable)?
        && present != wanted
        && let Some(fitting) = fitting(dir, &wanted).map_err(unwritable)?
    {
        let aside = dir.join(format!("{KEPT}{}.toml", present.as_deref().unwrap_or("first")));
        fs::rename(&current, aside).and_then(|()| fs::rename(fitting, &current)).map_err(unwritable)?;
    } else if named(&current).map_err(unwritable)?.is_none()
        && let Some(fitting) = fitting(dir, &wanted).map_err(unwritable)?
    {
        // Cut short between the two steps above, or the file was removed.
        fs::rename(fitting, &current).map_err(unwritable)?;
    }
    match fs::remove_file(&next) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(unwritable(error)),
        _ => {}
    }
    fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(unwritable)
}

/// The name by which the database knows a credentials file: none within for the first ones, none at all where there is no file.
fn named(path: &Path) -> std::io::Result<Option<Option<String>>> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        read => Ok(Some(read?.lines().next().and_then(|line| line.strip_prefix(NOTE)).map(str::to_owned))),
    }
}

/// The file beside `credentials.toml` that the database knows by this name.
fn fitting(dir: &Path, wanted: &Option<String>) -> std::io::Result<Option<PathBuf>> {
    let mut files = vec![next(dir)];
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(KEPT)) {
            files.push(path);
        }
    }
    for path in files {
        if named(&path)?.as_ref() == Some(wanted) {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

fn unwritable(error: std::io::Error) -> Failure {
    StorageError::Unwritable(error.to_string()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plane::store::open;

    /// A data directory whose plane has started once, and a recovery that is prepared on its database.
    fn prepared() -> (tempfile::TempDir, Connection, String) {
        let dir = tempfile::tempdir().unwrap();
        let mut connection = open::open(dir.path(), None).unwrap();
        prepare(&mut connection, &Settings::new(dir.path()), dir.path()).unwrap();
        let before = fs::read_to_string(dir.path().join(CREDENTIALS)).unwrap();
        (dir, connection, before)
    }

    #[test]
    fn new_credentials_come_with_the_recovered_database_and_open_it() {
        let (dir, connection, before) = prepared();
        renew_accounts(&connection, dir.path()).unwrap();
        assert_eq!(fs::read_to_string(dir.path().join(CREDENTIALS)).unwrap(), before, "not before they are settled");
        settle_credentials(&connection, dir.path()).unwrap();
        let system = Credentials::read(&dir.path().join(CREDENTIALS)).unwrap().system.unwrap();
        let account = accounts::by_login(&connection, Kind::System, &system.username).unwrap().unwrap();
        assert!(password::matches(&system.password, &account.password_hash));
        assert!(!next(dir.path()).exists());
    }

    #[test]
    fn the_credentials_from_before_come_back_with_the_state_from_before() {
        let (dir, connection, before) = prepared();
        renew_accounts(&connection, dir.path()).unwrap();
        settle_credentials(&connection, dir.path()).unwrap();
        let renewed = fs::read_to_string(dir.path().join(CREDENTIALS)).unwrap();
        let name = settings::get(&connection, Key::Credentials).unwrap().unwrap();
        connection.execute("DELETE FROM setting WHERE value = ?1", [&name]).unwrap();
        settle_credentials(&connection, dir.path()).unwrap();
        assert_eq!(fs::read_to_string(dir.path().join(CREDENTIALS)).unwrap(), before);
        settings::set(&connection, Key::Credentials, &name).unwrap();
        settle_credentials(&connection, dir.path()).unwrap();
        assert_eq!(fs::read_to_string(dir.path().join(CREDENTIALS)).unwrap(), renewed);
    }

    #[test]
    fn a_crash_between_the_two_renames_is_mended_by_the_next_start() {
        let (dir, connection, _) = prepared();
        renew_accounts(&connection, dir.path()).unwrap();
        fs::rename(dir.path().join(CREDENTIALS), dir.path().join("credentials.kept-first.toml")).unwrap();
        settle_credentials(&connection, dir.path()).unwrap();
        let system = Credentials::read(&dir.path().join(CREDENTIALS)).unwrap().system.unwrap();
        let account = accounts::by_login(&connection, Kind::System, &system.username).unwrap().unwrap();
        assert!(password::matches(&system.password, &account.password_hash));
    }

    #[test]
    fn new_credentials_of_a_recovery_that_did_not_happen_are_dropped() {
        let (dir, connection, before) = prepared();
        renew_accounts(&connection, dir.path()).unwrap();
        settings::set(&connection, Key::Credentials, "another database").unwrap();
        settle_credentials(&connection, dir.path()).unwrap();
        assert_eq!(fs::read_to_string(dir.path().join(CREDENTIALS)).unwrap(), before);
        assert!(!next(dir.path()).exists());
    }
}
