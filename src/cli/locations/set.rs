//! `locations set`: what is given, laid over what is there.

use std::path::Path;

use secrecy::ExposeSecret;

use crate::api::backup::{BackupSpec, FtpSpec, S3Spec, Sensitive};
use crate::api::location::{Location, LocationList};
use crate::api::{Compression, Encryption, Mode, Passive, Tls};
use crate::cli::connect::Plane;
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::say;
use crate::cli::secrets;
use crate::ops::location;
use crate::text;

use super::args::{Common, Set, SetFtp, SetS3, Switch};
use super::{default_name, show};

/// Most bytes of a file with certificates.
const LONGEST_PEM: u64 = 1 << 20;

/// `locations set`.
pub async fn run(plane: &Plane, command: Set) -> Result<Exit, Failure> {
    let list = location::list(&plane.client).await?;
    let (location, output) = match command {
        Set::Ftp(command) => (ftp(&list, &command)?, command.common.output),
        Set::S3(command) => (s3(&list, &command)?, command.common.output),
    };
    location::save(&plane.client, &location).await?;
    say(format!("The location {} is saved.", location.name));
    warn(plane, &location).await;
    let named = match location.name == location.mode.as_str() {
        true => String::new(),
        false => format!(" --location {}", location.name),
    };
    say(format!("Try it: palette-console locations validate {}{named}", location.mode));
    show::named(plane, &location.name, output).await
}

/// What the schedule means, and what is to be said against it. That it cannot be told is no failure: it is saved.
async fn warn(plane: &Plane, location: &Location) {
    let Ok(Some(preview)) = location::preview(&plane.client, location).await else { return };
    let next = preview.next_runs.first().map_or_else(String::new, |at| format!("; next {}", at.format("%F %R UTC")));
    say(text::sentence(&format!("{}{next}", text::clean(&preview.words))));
    for warning in &preview.warnings {
        say(format!("note  {warning}"));
    }
    if !preview.would_delete.is_empty() {
        say(format!("note  Retention will delete {}.", text::count(preview.would_delete.len(), "backup")));
    }
}

/// The location that the flags are laid over: the saved one of that name, the one it is to be like, the one that is
/// prepared where the flags name no place, or an empty one.
fn base(list: &LocationList, mode: &Mode, common: &Common, names_place: bool) -> Result<Location, Failure> {
    let name = default_name(mode, common.name.as_ref());
    let saved = |name: &str| list.items.iter().map(|view| &view.location).find(|it| it.name == name);
    let of_mode = |found: &Location| {
        if found.mode == *mode {
            return Ok(());
        }
        let message = format!("the location {} is of mode {}, not {mode}", found.name, found.mode);
        Err(Failure::new(Exit::Usage, message))
    };
    if let Some(found) = saved(&name) {
        of_mode(found)?;
    }
    if let Some(like) = &common.like {
        let unknown = || Failure::new(Exit::Usage, format!("there is no location {} to be like", text::clean(like)));
        let found = saved(like).ok_or_else(unknown)?;
        of_mode(found)?;
        return Ok(Location { name, like: like.clone(), ..found.clone() });
    }
    let prepared = || list.suggested.iter().find(|it| it.name == name && it.mode == *mode && !names_place);
    let empty = || Location { name: name.clone(), mode: mode.clone(), ..Location::default() };
    Ok(saved(&name).or_else(prepared).cloned().unwrap_or_else(empty))
}

fn ftp(list: &LocationList, command: &SetFtp) -> Result<Location, Failure> {
    let mut location = base(list, &Mode::Ftp, &command.common, command.server.is_some())?;
    lay_common(&mut location, &command.common)?;
    let place = location.ftp.get_or_insert_with(FtpSpec::default);
    lay(&mut place.server, command.server.as_ref());
    lay(&mut place.dir, command.dir.as_ref());
    lay(&mut place.username, command.username.as_ref());
    if let Some(word) = &command.tls {
        location.ftp_options.tls = Tls::from(word.as_str());
    }
    if let Some(word) = &command.passive {
        location.ftp_options.passive = Passive::from(word.as_str());
    }
    complete(&location)?;
    let wanted = needs_secret(list, &location);
    let password = secret(command.password_file.as_deref(), "Password", "--password-file", wanted)?;
    if let Some(place) = &mut location.ftp {
        place.password = password;
    }
    Ok(location)
}

fn s3(list: &LocationList, command: &SetS3) -> Result<Location, Failure> {
    let names_place = command.bucket.is_some() || command.endpoint.is_some();
    let mut location = base(list, &Mode::S3, &command.common, names_place)?;
    lay_common(&mut location, &command.common)?;
    let place = location.s3.get_or_insert_with(S3Spec::default);
    lay(&mut place.bucket, command.bucket.as_ref());
    lay(&mut place.folder, command.folder.as_ref());
    lay(&mut place.region, command.region.as_ref());
    if let Some(path) = &command.access_key_file {
        // Its name is no secret, but it comes from a file all the same, beside the one that is.
        place.access_key = plain(path)?;
    }
    let options = &mut location.s3_options;
    lay(&mut options.endpoint, command.endpoint.as_ref());
    lay(&mut options.kms_key_id, command.kms_key_id.as_ref());
    options.path_style = command.path_style.unwrap_or(options.path_style);
    if let Some(word) = &command.sse {
        options.encryption = Encryption::from(word.as_str());
    }
    complete(&location)?;
    let wanted = needs_secret(list, &location);
    let secret_key = secret(command.secret_key_file.as_deref(), "Secret key", "--secret-key-file", wanted)?;
    if let Some(place) = &mut location.s3 {
        place.secret_key = secret_key;
    }
    Ok(location)
}

fn lay(field: &mut String, given: Option<&String>) {
    if let Some(given) = given {
        given.trim().clone_into(field);
    }
}

fn lay_common(location: &mut Location, common: &Common) -> Result<(), Failure> {
    let fresh = location.backup_spec == BackupSpec::default();
    let missing = [("--interval", common.interval), ("--retention", common.retention), ("--hour", common.hour)];
    let missing: Vec<&str> = missing.iter().filter(|(_, given)| given.is_none()).map(|(flag, _)| *flag).collect();
    if fresh && !missing.is_empty() {
        let message = format!("a new location wants a schedule: {}", missing.join(", "));
        return Err(Failure::new(Exit::Usage, message));
    }
    let spec = &mut location.backup_spec;
    spec.interval = common.interval.unwrap_or(spec.interval);
    spec.retention_period = common.retention.unwrap_or(spec.retention_period);
    spec.hour_of_the_day = common.hour.unwrap_or(spec.hour_of_the_day);
    location.paused = (location.paused || common.paused) && !common.resume;
    if let Some(path) = &common.server_ca_file {
        location.ca_pem = plain(path)?;
    }
    if let Some(switch) = common.encrypt {
        location.packing.encrypted = switch == Switch::On;
    }
    if let Some(word) = &common.compression {
        location.packing.compression = Compression::from(word.as_str());
    }
    Ok(())
}

/// Tells what will not do before any secret is asked for.
fn complete(location: &Location) -> Result<(), Failure> {
    match location::problems(location) {
        problems if problems.is_empty() => Ok(()),
        problems => Err(location::SaveError::Invalid(problems).into()),
    }
}

/// Whether nobody but the person has the secret: the plane knows none for this location.
fn needs_secret(list: &LocationList, location: &Location) -> bool {
    let saved = list.items.iter().any(|view| view.location.name == location.name && view.location.has_secret);
    let prepared = list.suggested.iter().any(|it| it.name == location.name && is_same_place(it, location));
    !saved && !prepared && location.like.is_empty()
}

fn is_same_place(one: &Location, other: &Location) -> bool {
    (&one.ftp, &one.s3, &one.s3_options.endpoint) == (&other.ftp, &other.s3, &other.s3_options.endpoint)
}

fn secret(file: Option<&Path>, question: &str, flag: &str, wanted: bool) -> Result<Sensitive, Failure> {
    let secret = match file {
        Some(path) => secrets::from(path)?,
        None if !wanted => return Ok(Sensitive::default()),
        None if secrets::can_ask() => secrets::ask(question)?,
        None => {
            let message = format!("the {} is wanted: name a file that holds it with {flag}", question.to_lowercase());
            return Err(Failure::new(Exit::Usage, message));
        }
    };
    if secret.expose_secret().is_empty() {
        let message = format!("the {} is empty; nothing was sent", question.to_lowercase());
        return Err(Failure::new(Exit::Usage, message));
    }
    Ok(Sensitive(secret.expose_secret().to_owned()))
}

/// A file that holds no secret, or stdin where `-` is named.
fn plain(path: &Path) -> Result<String, Failure> {
    if path == Path::new("-") {
        return secrets::from(path).map(|text| text.expose_secret().to_owned());
    }
    let failed = |reason: String| Failure::new(Exit::Usage, format!("cannot read {}: {reason}", path.display()));
    let metadata = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?;
    if metadata.len() > LONGEST_PEM {
        return Err(failed("it is too long for what it should hold".to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::api::location::LocationView;

    #[derive(Parser)]
    struct Line {
        #[command(subcommand)]
        set: Set,
    }

    fn file(dir: &Path, name: &str, text: &str) -> String {
        let path = dir.join(name);
        crate::secret::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn laid(list: &LocationList, words: &[&str]) -> Result<Location, Failure> {
        let line = Line::try_parse_from([&["set"], words].concat()).unwrap_or_else(|error| panic!("{error}"));
        match line.set {
            Set::Ftp(command) => ftp(list, &command),
            Set::S3(command) => s3(list, &command),
        }
    }

    const SCHEDULE: [&str; 6] = ["--interval", "1", "--retention", "7", "--hour", "3"];

    #[test]
    fn the_line_for_scripts_makes_an_ftp_location() {
        let dir = tempfile::tempdir().unwrap();
        let password = file(dir.path(), "p", "hunter2\n");
        let words = [
            &["ftp", "--server", "ftp://h:21", "--dir", "d", "--username", "u", "--password-file", &password][..],
            &SCHEDULE,
            &["--tls", "required"],
        ];
        let location = laid(&LocationList::default(), &words.concat()).unwrap();
        assert_eq!((location.name.as_str(), &location.ftp_options.tls), ("ftp", &Tls::Required));
        let place = location.ftp.unwrap();
        assert_eq!((place.server.as_str(), place.password.0.as_str()), ("ftp://h:21", "hunter2"));
        assert_eq!(location.backup_spec, BackupSpec { interval: 1, retention_period: 7, hour_of_the_day: 3 });
    }

    fn saved() -> LocationList {
        let s3 = S3Spec { bucket: "b".into(), region: "eu-1".into(), access_key: "AK".into(), ..S3Spec::default() };
        let backup_spec = BackupSpec { interval: 2, retention_period: 14, hour_of_the_day: 3 };
        let mut location =
            Location { name: "s3".into(), mode: Mode::S3, backup_spec, s3: Some(s3), ..Location::default() };
        location.has_secret = true;
        location.s3_options.path_style = true;
        LocationList { items: vec![LocationView { location, ..LocationView::default() }], ..LocationList::default() }
    }

    #[test]
    fn what_is_not_given_stays_and_a_stored_secret_is_not_asked_for() {
        let changed = laid(&saved(), &["s3", "--hour", "5", "--paused"]).unwrap();
        assert_eq!(changed.backup_spec, BackupSpec { interval: 2, retention_period: 14, hour_of_the_day: 5 });
        let place = changed.s3.unwrap();
        assert_eq!((place.bucket.as_str(), place.secret_key), ("b", Sensitive::default()));
        assert!(changed.paused && changed.s3_options.path_style);
        let off = laid(&saved(), &["s3", "--path-style=false"]).unwrap();
        assert!(!off.s3_options.path_style);
    }

    #[test]
    fn a_further_location_takes_place_and_secret_from_another() {
        let copy =
            laid(&saved(), &["s3", "--name", "weekly", "--like", "s3", "--folder", "w", "--interval", "7"]).unwrap();
        assert_eq!((copy.name.as_str(), copy.like.as_str(), copy.backup_spec.interval), ("weekly", "s3", 7));
        assert_eq!(copy.s3.map(|place| (place.bucket, place.folder)), Some(("b".into(), "w".into())));
        let wrong = laid(&saved(), &["ftp", "--name", "x", "--like", "s3"]).unwrap_err();
        assert_eq!((wrong.exit, wrong.message.as_str()), (Exit::Usage, "the location s3 is of mode s3, not ftp"));
    }

    #[test]
    fn what_is_out_of_bounds_is_told_before_anything_is_asked_or_sent() {
        let bad = ["--interval", "0", "--retention", "0", "--hour", "24"];
        let words = [&["ftp", "--server", "ftp://h", "--username", "u", "--name", "a/../b"][..], &bad].concat();
        let failure = laid(&LocationList::default(), &words).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        for word in ["name of a location", "interval", "retention", "hour of the day", "Nothing was sent"] {
            assert!(failure.message.contains(word), "{word}: {}", failure.message);
        }
        let failure = laid(&LocationList::default(), &["ftp", "--server", "ftp://h", "--username", "u"]).unwrap_err();
        assert!(failure.message.contains("--interval, --retention, --hour"), "{}", failure.message);
    }

    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let password = file(dir.path(), "p", "hunter2\n");
        std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o644)).unwrap();
        let place = ["ftp", "--server", "ftp://h", "--username", "u", "--password-file", &password];
        let failure = laid(&LocationList::default(), &[&place[..], &SCHEDULE].concat()).unwrap_err();
        assert!(failure.message.contains("chmod 600") && !failure.message.contains("hunter2"));
    }

    #[test]
    fn the_prepared_place_is_taken_where_no_other_is_named() {
        let spec = BackupSpec { interval: 1, retention_period: 7, hour_of_the_day: 3 };
        let place = FtpSpec { server: "ftp://127.0.0.1:4021".into(), username: "sandbox".into(), ..FtpSpec::default() };
        let prepared = Location {
            name: "ftp".into(),
            backup_spec: spec,
            ftp: Some(place),
            ca_pem: "PEM".into(),
            ..Location::default()
        };
        let list = LocationList { suggested: vec![prepared.clone()], ..LocationList::default() };
        assert_eq!(laid(&list, &["ftp"]).unwrap(), prepared);
        let other = [&["ftp", "--server", "ftp://h", "--username", "u"][..], &SCHEDULE].concat();
        assert!(laid(&list, &other).unwrap_err().message.contains("--password-file"), "its secret is not for others");
    }
}
