//! The fields of the form, and the location that they stand for. The ids are the names on the wire, so that what a
//! plane says of a field lands on it.

use std::path::PathBuf;

use secrecy::ExposeSecret;

use crate::api::backup::{BackupSpec, FtpSpec, S3Spec, Sensitive};
use crate::api::location::{FtpOptions, Location, Packing, S3Options};
use crate::api::words::{Compression, Encryption, Mode, Passive, Tls};
use crate::tui::msg::backup::Draft;
use crate::tui::ui::widgets::field::Field;
use crate::tui::ui::widgets::form::Form;
use crate::tui::ui::widgets::select::Choice;

/// Where the secret comes from that the form leaves empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    /// There is none.
    Nothing,
    /// The location was saved with one.
    Saved,
    /// The sandbox prepared one.
    Prepared,
    /// The location of this name has one.
    Like(String),
}

/// The fields of the first page, as Palette's own form has them and in its order.
const FIRST: [&str; 12] = [
    "server",
    "dir",
    "username",
    "password",
    "accessKey",
    "secretKey",
    "bucket",
    "folder",
    "region",
    "interval",
    "retentionPeriod",
    "hourOfTheDay",
];

/// The fields of the second page.
const MORE: [&str; 10] = [
    "tls",
    "passive",
    "endpoint",
    "pathStyle",
    "caFile",
    "encryption",
    "kmsKeyId",
    "encrypted",
    "compression",
    "paused",
];

/// The whole form for a location as it stands.
pub(super) fn form(location: &Location) -> Form {
    let mut fields = match location.mode {
        Mode::S3 => s3_place(&location.s3.clone().unwrap_or_default()),
        _ => ftp_place(&location.ftp.clone().unwrap_or_default()),
    };
    fields.extend(schedule(&location.backup_spec));
    fields.extend(match location.mode {
        Mode::S3 => s3_more(&location.s3_options),
        _ => ftp_more(&location.ftp_options),
    });
    fields.extend(more(location));
    fields.push(Field::button("validate", "Validate"));
    fields.push(Field::button("save", "Save"));
    fields.push(Field::button("more", "More…"));
    fields.push(Field::button("back", "Back"));
    Form::new(fields)
}

/// Shows the first page or the second one.
pub(super) fn show(form: &mut Form, second: bool, extended: bool) {
    let kms = form.choice("encryption") == Some(Encryption::Kms.as_str());
    for id in FIRST {
        form.show(id, !second);
    }
    for id in MORE {
        form.show(id, second && (id != "kmsKeyId" || kms));
    }
    form.show("more", !second && extended);
    form.show("back", second);
}

/// The first field of a page, for each mode; only one of them is there.
pub(super) fn tops(second: bool) -> [&'static str; 2] {
    if second { ["tls", "endpoint"] } else { ["server", "accessKey"] }
}

/// Whether a field stands on the second page.
pub(super) fn is_more(id: &str) -> bool {
    MORE.contains(&id)
}

fn ftp_place(ftp: &FtpSpec) -> Vec<Field> {
    vec![
        Field::text("server", "Server", &ftp.server)
            .required()
            .help("ftps://HOST[:PORT] requires TLS; ftp://HOST[:PORT] uses it wherever the server offers it."),
        Field::text("dir", "Directory", &ftp.dir).help("Directory on the server, made where it is missing."),
        Field::text("username", "Username", &ftp.username).required(),
        Field::secret("password", "Password"),
    ]
}

fn s3_place(s3: &S3Spec) -> Vec<Field> {
    vec![
        Field::text("accessKey", "Access key", &s3.access_key).required(),
        Field::secret("secretKey", "Secret key"),
        Field::text("bucket", "Bucket", &s3.bucket)
            .required()
            .help("The bucket must exist; p shows the policy it needs."),
        Field::text("folder", "Folder", &s3.folder).help("Folder in the bucket; it may stay empty."),
        Field::text("region", "Region", &s3.region).required().help("Such as eu-central-1."),
    ]
}

fn schedule(spec: &BackupSpec) -> Vec<Field> {
    let set = *spec != BackupSpec::default();
    let number = |value: i64, unset: i64| Some(if set { value } else { unset });
    vec![
        Field::number("interval", "Interval (days)", number(spec.interval, 1), 1, 365)
            .required()
            .help("Days from one backup to the next, 1 to 365."),
        Field::number("retentionPeriod", "Retention Period (days)", number(spec.retention_period, 30), 1, 3650)
            .required()
            .help("Days that a backup is kept, 1 to 3650. The newest good ones always stay."),
        Field::number("hourOfTheDay", "Hours of the day (UTC)", number(spec.hour_of_the_day, 3), 0, 23)
            .required()
            .help("The hour at which the backup begins, UTC, 0 to 23."),
    ]
}

fn options<const N: usize>(options: [(&str, &str); N]) -> Vec<Choice> {
    options.into_iter().map(|(id, label)| Choice::new(id, [label])).collect()
}

fn ftp_more(more: &FtpOptions) -> Vec<Field> {
    let tls = options([
        ("required", "required"),
        ("optional", "wherever the server offers it"),
        ("off", "never: password and data can be read on the way"),
    ]);
    let passive = options([("auto", "automatic"), ("epsv", "EPSV"), ("pasv", "PASV")]);
    vec![
        Field::select("tls", "TLS", tls, Some(more.tls.as_str()))
            .help("An ftps:// address requires TLS whatever is chosen here."),
        Field::select("passive", "Passive mode", passive, Some(more.passive.as_str()))
            .help("How data connections are opened. Automatic suits nearly every server."),
    ]
}

fn s3_more(more: &S3Options) -> Vec<Field> {
    let encryption =
        options([("none", "as the bucket says"), ("AES256", "AES256 (SSE-S3)"), ("aws:kms", "aws:kms (SSE-KMS)")]);
    vec![
        Field::text("endpoint", "Endpoint URL", &more.endpoint)
            .help("For services other than AWS: https://HOST[:PORT]. Empty for AWS."),
        Field::toggle("pathStyle", "Path style", more.path_style)
            .help("The bucket stands in the path and not in the host, as most services other than AWS want it."),
        Field::select("encryption", "Server-side encryption", encryption, Some(more.encryption.as_str()))
            .help("Backups are encrypted with the recovery key in any case; this is the server's own, on top of it."),
        Field::text("kmsKeyId", "KMS key", &more.kms_key_id).help("Empty for the account's own key."),
    ]
}

fn more(location: &Location) -> Vec<Field> {
    let compression = options([
        ("off", "off"),
        ("fast", "fast (zstd 1)"),
        ("balanced", "balanced (zstd 3)"),
        ("small", "small (zstd 9)"),
    ]);
    let placeholder = if location.ca_pem.is_empty() { "the system's authorities" } else { "unchanged" };
    vec![
        Field::path("caFile", "CA file", "").placeholder(placeholder).help(
            "PEM file with further authorities, or the server's own certificate. Empty keeps what is stored, - forgets it.",
        ),
        Field::toggle("encrypted", "Encrypt", location.packing.encrypted)
            .help("With the recovery key, before anything leaves the plane."),
        Field::select("compression", "Compression", compression, Some(location.packing.compression.as_str())),
        Field::toggle("paused", "Pause the schedule", location.paused)
            .help("No scheduled backup, and retention deletes nothing. Backups by hand still work."),
    ]
}

/// The location that the form stands for.
pub(super) fn draft(form: &Form, base: &Location, stored: &Stored) -> Draft {
    let ca = form.text("caFile");
    let location = Location {
        name: base.name.clone(),
        mode: base.mode.clone(),
        backup_spec: rhythm(form),
        paused: form.is_on("paused"),
        ca_pem: if ca == "-" { String::new() } else { base.ca_pem.clone() },
        packing: Packing {
            encrypted: form.is_on("encrypted"),
            compression: Compression::from(form.choice("compression").unwrap_or("fast")),
        },
        like: match stored {
            Stored::Like(name) => name.clone(),
            _ => String::new(),
        },
        ..if base.mode == Mode::S3 { in_bucket(form) } else { on_server(form) }
    };
    let ca_file = (!ca.is_empty() && ca != "-").then(|| PathBuf::from(ca));
    Draft { location, ca_file }
}

fn rhythm(form: &Form) -> BackupSpec {
    BackupSpec {
        interval: form.number("interval").unwrap_or(0),
        retention_period: form.number("retentionPeriod").unwrap_or(0),
        hour_of_the_day: form.number("hourOfTheDay").unwrap_or(-1),
    }
}

fn sensitive(form: &Form, id: &str) -> Sensitive {
    Sensitive(form.secret(id).map_or_else(String::new, |it| it.expose_secret().to_owned()))
}

/// The place of an S3 location, with its options.
fn in_bucket(form: &Form) -> Location {
    let text = |id: &str| form.text(id).to_owned();
    let s3 = S3Spec {
        access_key: text("accessKey"),
        secret_key: sensitive(form, "secretKey"),
        bucket: text("bucket"),
        folder: text("folder"),
        region: text("region"),
    };
    let encryption = Encryption::from(form.choice("encryption").unwrap_or("none"));
    let kms_key_id = if encryption == Encryption::Kms { text("kmsKeyId") } else { String::new() };
    let s3_options =
        S3Options { endpoint: text("endpoint"), path_style: form.is_on("pathStyle"), encryption, kms_key_id };
    Location { s3: Some(s3), s3_options, ..Location::default() }
}

/// The place of an FTP location, with its options.
fn on_server(form: &Form) -> Location {
    let text = |id: &str| form.text(id).to_owned();
    let ftp = FtpSpec {
        server: text("server"),
        dir: text("dir"),
        username: text("username"),
        password: sensitive(form, "password"),
    };
    let ftp_options = FtpOptions {
        tls: Tls::from(form.choice("tls").unwrap_or("optional")),
        passive: Passive::from(form.choice("passive").unwrap_or("auto")),
    };
    Location { ftp: Some(ftp), ftp_options, ..Location::default() }
}

/// The field of the secret.
pub(super) fn secret(mode: &Mode) -> &'static str {
    if *mode == Mode::S3 { "secretKey" } else { "password" }
}

/// Says in the secret's field whether it may stay empty. A stored secret goes only where it was meant to go: to the same
/// server and user, or the same service and access key.
pub(super) fn explain_secret(form: &mut Form, base: &Location, stored: &Stored, keeps: bool) {
    let id = secret(&base.mode);
    let draft = draft(form, base, stored).location;
    let same = match (&base.mode, &base.ftp, &base.s3) {
        (Mode::S3, _, Some(s3)) => {
            let typed = draft.s3.unwrap_or_default();
            s3.access_key == typed.access_key && base.s3_options.endpoint == draft.s3_options.endpoint
        }
        (_, Some(ftp), _) => {
            let typed = draft.ftp.unwrap_or_default();
            ftp.server == typed.server && ftp.username == typed.username
        }
        _ => false,
    };
    let (words, required) = match stored {
        _ if !keeps => ("wanted: this plane may not keep the one it has".to_owned(), true),
        Stored::Nothing => (String::new(), true),
        _ if !same && *stored != Stored::Nothing => {
            let what = if base.mode == Mode::S3 { "another key or endpoint" } else { "another server or user" };
            (format!("type it again: {what}"), true)
        }
        Stored::Saved => ("unchanged".to_owned(), false),
        Stored::Prepared => ("prepared by the sandbox".to_owned(), false),
        Stored::Like(name) => (format!("the one of {name}"), false),
    };
    form.set_placeholder(id, &words, required);
}
