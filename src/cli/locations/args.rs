//! What can be said after `locations`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::api::Mode;
use crate::cli::backups::mode;
use crate::cli::output::Output;

/// What to do with locations.
#[derive(Subcommand, Debug)]
pub enum Locations {
    /// List the configured locations and how they fare
    List(Output),
    /// Show one location with its schedule, its warnings and the last thirty days
    Show(Show),
    /// Configure a location, or change what is given of it; it is stored without being tried
    #[command(subcommand)]
    Set(Set),
    /// Try a location: connect, write, read back, list, delete. Fails where it cannot be used
    Validate(Validate),
    /// Forget a location; the backups in it stay where they are
    Remove(Remove),
    /// Print the two IAM policies that S3 backups want, for a bucket
    Policy(PolicyOf),
}

/// `locations show`.
#[derive(Args, Debug)]
pub struct Show {
    /// Name of the location
    pub name: String,
    #[command(flatten)]
    pub output: Output,
}

/// `locations validate`.
#[derive(Args, Debug)]
pub struct Validate {
    /// ftp or s3
    #[arg(value_name = "MODE", value_parser = mode)]
    pub mode: Mode,
    /// Name of the location; by default the one named like the mode
    #[arg(long, value_name = "NAME")]
    pub location: Option<String>,
    /// What to try; read writes nothing
    #[arg(long, value_parser = ["read", "write", "readwrite"], default_value = "readwrite")]
    pub permission: String,
    #[command(flatten)]
    pub output: Output,
}

/// `locations remove`.
#[derive(Args, Debug)]
pub struct Remove {
    /// Name of the location
    pub name: String,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// `locations policy`.
#[derive(Args, Debug)]
pub struct PolicyOf {
    /// Name of the bucket
    #[arg(long, value_name = "BUCKET")]
    pub bucket: String,
    /// Directory to save both in, instead of printing them; nothing is overwritten
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    #[command(flatten)]
    pub output: Output,
}

/// `locations set`.
#[derive(Subcommand, Debug)]
pub enum Set {
    /// A directory of an FTP server
    Ftp(Box<SetFtp>),
    /// A folder of an S3 bucket
    S3(Box<SetS3>),
}

/// What every location has.
#[derive(Args, Debug)]
pub struct Common {
    /// Name of the location; by default that of the mode
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Take what is not given here, secrets included, from this location
    #[arg(long, value_name = "NAME")]
    pub like: Option<String>,
    /// Days from one backup to the next, 1 to 365
    #[arg(long, value_name = "DAYS", allow_negative_numbers = true)]
    pub interval: Option<i64>,
    /// Days that a backup stays, 1 to 3650
    #[arg(long, value_name = "DAYS", allow_negative_numbers = true)]
    pub retention: Option<i64>,
    /// Hour of the day (UTC), 0 to 23
    #[arg(long, value_name = "HOUR", allow_negative_numbers = true)]
    pub hour: Option<i64>,
    /// Stop the schedule and retention
    #[arg(long, conflicts_with = "resume")]
    pub paused: bool,
    /// Let the schedule and retention go on
    #[arg(long)]
    pub resume: bool,
    /// Authorities that sign the server's certificate, or that certificate itself, in PEM
    #[arg(long, value_name = "FILE")]
    pub server_ca_file: Option<PathBuf>,
    /// Encrypt backups with the recovery key before they leave the plane
    #[arg(long, value_name = "ON|OFF")]
    pub encrypt: Option<Switch>,
    /// How much effort goes into compression
    #[arg(long, value_name = "EFFORT", value_parser = ["off", "fast", "balanced", "small"])]
    pub compression: Option<String>,
    #[command(flatten)]
    pub output: Output,
}

/// `locations set ftp`.
#[derive(Args, Debug)]
pub struct SetFtp {
    #[command(flatten)]
    pub common: Common,
    /// ftp://HOST[:PORT] or ftps://HOST[:PORT]
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Directory on the server
    #[arg(long, value_name = "DIR")]
    pub dir: Option<String>,
    /// User name
    #[arg(long, value_name = "USER")]
    pub username: Option<String>,
    /// File that holds the password, or - for stdin; asked for on a terminal
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Whether to use TLS; an ftps:// address always does
    #[arg(long, value_parser = ["required", "optional", "off"])]
    pub tls: Option<String>,
    /// How data connections are opened
    #[arg(long, value_parser = ["auto", "epsv", "pasv"])]
    pub passive: Option<String>,
}

/// `locations set s3`.
#[derive(Args, Debug)]
pub struct SetS3 {
    #[command(flatten)]
    pub common: Common,
    /// Bucket
    #[arg(long, value_name = "BUCKET")]
    pub bucket: Option<String>,
    /// Folder in the bucket
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<String>,
    /// Region
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// File that holds the access key, or - for stdin
    #[arg(long, value_name = "FILE")]
    pub access_key_file: Option<PathBuf>,
    /// File that holds the secret key, or - for stdin; asked for on a terminal
    #[arg(long, value_name = "FILE")]
    pub secret_key_file: Option<PathBuf>,
    /// URL of an S3 service other than AWS; an empty one is AWS again
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// Name the bucket in the path and not in the host
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub path_style: Option<bool>,
    /// Encryption by the server
    #[arg(long, value_parser = ["none", "AES256", "aws:kms"])]
    pub sse: Option<String>,
    /// Key for aws:kms; the account's own where none is named
    #[arg(long, value_name = "ID")]
    pub kms_key_id: Option<String>,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}
