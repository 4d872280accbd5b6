//! Secrets of a command: from a file, from stdin, or typed on a terminal without being shown. Never from an argument.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::Path;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::SecretString;

use crate::secret;

use super::failure::{Exit, Failure};

/// Most bytes that are read from stdin: keys and passwords are short.
const LONGEST: u64 = 64 * 1024;

/// Reads a secret from a file of its owner's alone, or from stdin where `-` is named.
pub fn from(path: &Path) -> Result<SecretString, Failure> {
    if path != Path::new("-") {
        return secret::read(path).map_err(|error| Failure::new(Exit::Usage, error));
    }
    let mut text = String::new();
    let unread = |error| Failure::new(Exit::Usage, format!("cannot read the secret from stdin: {error}"));
    io::stdin().lock().take(LONGEST).read_to_string(&mut text).map_err(unread)?;
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Ok(text.into())
}

/// Whether someone is there to be asked.
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks on the terminal; what is typed is not shown.
pub fn ask(question: &str) -> Result<SecretString, Failure> {
    let failed = |error: io::Error| Failure::new(Exit::Failed, format!("cannot ask on this terminal: {error}"));
    let _ = write!(io::stderr(), "{question}: ");
    let _ = io::stderr().flush();
    let hidden = Hidden::begin().map_err(failed)?;
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    drop(hidden);
    let _ = writeln!(io::stderr());
    read.map_err(failed)?;
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok(line.into())
}

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Hidden(Termios);

impl Hidden {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}
