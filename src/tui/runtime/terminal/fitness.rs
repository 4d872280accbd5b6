//! Whether a full-screen console can work here at all.

use std::env;
use std::io::{self, IsTerminal};

/// Why it cannot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Input or output goes to a file or a pipe.
    #[error(
        "{0} is not a terminal, so the full-screen console cannot start. \
         Every action is also a command: see `palette-console --help`, for example `palette-console pcgs list -o json`"
    )]
    NotATerminal(&'static str),
    /// The terminal cannot place its cursor.
    #[error(
        "The terminal cannot show a full-screen console (TERM is {0}). \
         Set TERM to what it really is, for example `export TERM=xterm-256color`, or use the commands: `palette-console --help`"
    )]
    Dumb(String),
}

/// Refuses to start where nothing good would come of it.
///
/// # Errors
/// Where standard input or output is not a terminal, or `TERM` is unset or `dumb`.
pub fn refuse_unfit() -> Result<(), Unfit> {
    fit(io::stdin().is_terminal(), io::stdout().is_terminal(), env::var("TERM").ok().as_deref())
}

fn fit(input: bool, output: bool, term: Option<&str>) -> Result<(), Unfit> {
    match (input, output, term) {
        (false, _, _) => Err(Unfit::NotATerminal("Standard input")),
        (_, false, _) => Err(Unfit::NotATerminal("Standard output")),
        (_, _, None | Some("")) => Err(Unfit::Dumb("not set".to_owned())),
        (_, _, Some("dumb")) => Err(Unfit::Dumb("dumb".to_owned())),
        (true, true, Some(_)) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_or_a_dumb_terminal_is_refused_with_the_way_out() {
        for unfit in [
            fit(false, true, Some("xterm")),
            fit(true, false, Some("xterm")),
            fit(true, true, None),
            fit(true, true, Some("dumb")),
        ] {
            assert!(unfit.unwrap_err().to_string().contains("palette-console --help"));
        }
        assert_eq!(fit(true, true, Some("xterm-256color")), Ok(()));
    }
}
