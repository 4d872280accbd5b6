//! `backups key`: the recovery key.

use std::io::{self, IsTerminal, Write};

use secrecy::ExposeSecret;

use crate::api::backup::RecoveryKey;
use crate::api::meta::time;
use crate::cli::connect::Plane;
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::{Output, say};
use crate::cli::secrets;
use crate::ops::key;
use crate::text;

use super::args::{Export, Import, Key};
use super::{ours_alone, remind};

/// Runs a command on the recovery key.
pub async fn run(plane: &Plane, command: &Key) -> Result<Exit, Failure> {
    ours_alone(plane, "hand out a recovery key")?;
    match command {
        Key::Show(output) => show(plane, *output).await,
        Key::Export(command) => export(plane, command).await,
        Key::Import(command) => import(plane, command).await,
    }
}

async fn show(plane: &Plane, output: Output) -> Result<Exit, Failure> {
    remind(plane).await;
    let key = plane.client.recovery_key().await?;
    output.one(&key, &fields(&key))?;
    Ok(Exit::Done)
}

fn fields(key: &RecoveryKey) -> Vec<(&'static str, String)> {
    let print = match key.fingerprint.as_str() {
        "" => "none yet; the first backup or export makes one".to_owned(),
        print => print.to_owned(),
    };
    let exported = match (key.exported, key.exported_at) {
        (false, _) => "NO".to_owned(),
        (true, at) => at.map_or_else(|| "yes".to_owned(), time::format),
    };
    let mut fields = vec![("Fingerprint", print), ("Exported", exported)];
    fields.extend(key.others.iter().map(|other| ("Also opens", other.clone())));
    fields
}

async fn export(plane: &Plane, command: &Export) -> Result<Exit, Failure> {
    if let Some(path) = &command.to {
        key::export_to(&plane.client, path).await?;
        say(format!("The recovery key is in {}. Keep it where the plane is not.", path.display()));
        return Ok(Exit::Done);
    }
    if io::stdout().is_terminal() && !command.print {
        let message = "the key would stay on the screen; name a file with --to, or pass --print";
        return Err(Failure::new(Exit::Usage, message));
    }
    let key = key::export(&plane.client).await?;
    let mut out = io::stdout().lock();
    out.write_all(key.expose_secret().as_bytes()).and_then(|()| out.flush())?;
    Ok(Exit::Done)
}

async fn import(plane: &Plane, command: &Import) -> Result<Exit, Failure> {
    remind(plane).await;
    let text = secrets::from(&command.file)?;
    let key = key::import(&plane.client, &text).await?;
    let known = text::count(key.others.len() + usize::from(!key.fingerprint.is_empty()), "key");
    say(format!("The plane has the key now; it knows {known}."));
    Ok(Exit::Done)
}
