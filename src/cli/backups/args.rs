//! What can be said after `backups`.

use std::path::PathBuf;

use chrono::TimeDelta;
use clap::{Args, Subcommand};

use crate::api::{Mode, VerifyLevel};
use crate::cli::output::Output;

use super::age;

/// What to do with backups.
#[derive(Subcommand, Debug)]
pub enum Backups {
    /// List the backups of a mode or a location, newest first; of all locations where none is named
    List(List),
    /// Show one backup with its streams and its verification
    Show(One),
    /// Make a backup now; waits until it is committed
    Create(Create),
    /// Prove that a backup is whole; fails where it is not
    Verify(Verify),
    /// Bring a backup back on the plane that made it
    Restore(Restore),
    /// Bring back a backup that another plane has made
    Recover(Recover),
    /// Delete a backup
    Delete(Delete),
    /// Write the files of a backup into a directory, as they lie in the location
    Download(Download),
    /// Tell how old the newest good backup of each location is; fails where one is too old
    Status(Status),
    /// Tell what the next pass of retention will delete
    Retention(Retention),
    /// List the jobs of the last month: what is under way and how the others ended
    Jobs(Output),
    /// Cancel a job that is under way
    Cancel(Cancel),
    /// The recovery key: show, export, import
    #[command(subcommand)]
    Key(Key),
}

/// `backups list`.
#[derive(Args, Debug)]
pub struct List {
    /// ftp or s3
    #[arg(value_name = "MODE", value_parser = mode)]
    pub mode: Option<Mode>,
    /// Name of the location; by default the one named like the mode, or all of them
    #[arg(long, value_name = "NAME")]
    pub location: Option<String>,
    #[command(flatten)]
    pub output: Output,
}

/// A backup by its uid.
#[derive(Args, Debug)]
pub struct One {
    /// Uid of the backup
    pub uid: String,
    /// Name of its location; searched for in all of them where none is named
    #[arg(long, value_name = "NAME")]
    pub location: Option<String>,
    #[command(flatten)]
    pub output: Output,
}

/// `backups create`.
#[derive(Args, Debug)]
pub struct Create {
    /// ftp or s3
    #[arg(value_name = "MODE", value_parser = mode)]
    pub mode: Mode,
    /// Name of the location; by default the one named like the mode
    #[arg(long, value_name = "NAME")]
    pub location: Option<String>,
    #[command(flatten)]
    pub output: Output,
}

/// `backups verify`.
#[derive(Args, Debug)]
pub struct Verify {
    #[command(flatten)]
    pub backup: One,
    /// How closely: quick (manifest and sizes), data (every stored byte), full (decrypted and checked)
    #[arg(long, value_name = "LEVEL", value_parser = level, default_value = "quick")]
    pub level: VerifyLevel,
}

/// `backups restore`.
#[derive(Args, Debug)]
pub struct Restore {
    #[command(flatten)]
    pub backup: One,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// `backups recover`.
#[derive(Args, Debug)]
pub struct Recover {
    /// Uid of the backup
    pub uid: String,
    /// ftp or s3
    #[arg(long, value_name = "MODE", value_parser = mode)]
    pub mode: Mode,
    /// Name of its location; by default the one named like the mode
    #[arg(long, value_name = "NAME")]
    pub location: Option<String>,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub output: Output,
}

/// `backups delete`.
#[derive(Args, Debug)]
pub struct Delete {
    #[command(flatten)]
    pub backup: One,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// `backups download`.
#[derive(Args, Debug)]
pub struct Download {
    #[command(flatten)]
    pub backup: One,
    /// Directory for the files; made where it is missing, and nothing in it is overwritten
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
}

/// `backups status`.
#[derive(Args, Debug)]
pub struct Status {
    /// ftp or s3
    #[arg(value_name = "MODE", value_parser = mode)]
    pub mode: Option<Mode>,
    /// Name of the location; all of them where none is named
    #[arg(long, value_name = "NAME")]
    pub location: Option<String>,
    /// Oldest that the newest good backup may be, such as 26h, 90m or 2d; by default one and a half intervals
    #[arg(long, value_name = "AGE", value_parser = age::parse)]
    pub max_age: Option<TimeDelta>,
    #[command(flatten)]
    pub output: Output,
}

/// `backups retention`.
#[derive(Args, Debug)]
pub struct Retention {
    /// Name of the location
    #[arg(value_name = "LOCATION")]
    pub location: String,
    #[command(flatten)]
    pub output: Output,
}

/// `backups cancel`.
#[derive(Args, Debug)]
pub struct Cancel {
    /// Uid of the job
    pub job: String,
}

/// What to do with the recovery key.
#[derive(Subcommand, Debug)]
pub enum Key {
    /// Tell which key protects new backups, and whether it was exported
    Show(Output),
    /// Take the recovery key out of the plane, to be kept in a safe place
    Export(Export),
    /// Give the plane a key that opens the backups of another plane
    Import(Import),
}

/// `backups key export`.
#[derive(Args, Debug)]
pub struct Export {
    /// File for the key, its owner's alone; not overwritten
    #[arg(long, value_name = "FILE", conflicts_with = "print")]
    pub to: Option<PathBuf>,
    /// Print it, even on a terminal
    #[arg(long)]
    pub print: bool,
}

/// `backups key import`.
#[derive(Args, Debug)]
pub struct Import {
    /// File that the export wrote, or - for stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Reads a mode.
pub fn mode(word: &str) -> Result<Mode, String> {
    match Mode::from(word) {
        Mode::Other(_) => Err("the modes are ftp and s3".to_owned()),
        known => Ok(known),
    }
}

fn level(word: &str) -> Result<VerifyLevel, String> {
    match VerifyLevel::from(word) {
        VerifyLevel::Other(_) => Err("the levels are quick, data and full".to_owned()),
        known => Ok(known),
    }
}
