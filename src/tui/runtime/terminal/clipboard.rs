//! Copying through the terminal (OSC 52), which works over SSH where no other way does.

use std::env;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::text::clean_lines;

/// What stands between this program and the terminal, and must be told to let the sequence through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Multiplexer {
    /// Nothing that is known.
    None,
    /// tmux.
    Tmux,
    /// GNU screen.
    Screen,
}

impl Multiplexer {
    /// Reads the environment.
    pub(super) fn detect() -> Self {
        let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        Self::of(set("TMUX"), set("STY"), &env::var("TERM").unwrap_or_default())
    }

    /// tmux also calls itself `screen` in `TERM`, so that name alone says nothing.
    fn of(tmux: bool, screen: bool, term: &str) -> Self {
        if tmux || term.starts_with("tmux") {
            Self::Tmux
        } else if screen {
            Self::Screen
        } else {
            Self::None
        }
    }
}

/// What became of a copy. Terminals do not answer, so nobody can know whether it arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    /// The text was sent to the terminal.
    Sent(Multiplexer),
    /// The text is longer than terminals take, and was not sent.
    TooLong {
        /// Bytes of the text.
        bytes: usize,
    },
}

impl fmt::Display for Copied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent(Multiplexer::None) => f.write_str("Sent to the terminal's clipboard"),
            Self::Sent(Multiplexer::Tmux) => {
                f.write_str("Sent to the clipboard through tmux, which needs `set -g set-clipboard on`")
            }
            Self::Sent(Multiplexer::Screen) => f.write_str("Sent to the clipboard through screen"),
            Self::TooLong { bytes } => {
                write!(
                    f,
                    "Not copied: {bytes} bytes are more than the {LIMIT} that terminals take. Save it to a file instead"
                )
            }
        }
    }
}

/// The longest text in bytes: terminals take sequences of up to 100 000 bytes.
const LIMIT: usize = 74_994;
/// The longest string that screen passes on.
const SCREEN_CHUNK: usize = 768;

/// The bytes to write for a copy, or why there are none.
pub(super) fn sequence(text: &str, through: Multiplexer) -> Result<Vec<u8>, Copied> {
    let text = clean_lines(text);
    if text.len() > LIMIT {
        return Err(Copied::TooLong { bytes: text.len() });
    }
    let osc = format!("\u{1b}]52;c;{}\u{7}", STANDARD.encode(&text));
    Ok(match through {
        Multiplexer::None => osc.into_bytes(),
        // tmux takes the plain one where `set-clipboard` is on and passes the wrapped one on where `allow-passthrough`
        // is: whichever the user has set works.
        Multiplexer::Tmux => format!("{osc}\u{1b}Ptmux;{}\u{1b}\\", osc.replace('\u{1b}', "\u{1b}\u{1b}")).into_bytes(),
        Multiplexer::Screen => {
            osc.as_bytes().chunks(SCREEN_CHUNK).flat_map(|chunk| [b"\x1bP", chunk, b"\x1b\\"].concat()).collect()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(text: &str, through: Multiplexer) -> String {
        String::from_utf8(sequence(text, through).unwrap()).unwrap()
    }

    #[test]
    fn the_text_is_wrapped_for_whatever_stands_between() {
        assert_eq!(sent("hello", Multiplexer::None), "\u{1b}]52;c;aGVsbG8=\u{7}");
        assert!(sent("hello", Multiplexer::Tmux).ends_with("\u{1b}Ptmux;\u{1b}\u{1b}]52;c;aGVsbG8=\u{7}\u{1b}\\"));
        assert_eq!(sent("hello", Multiplexer::Screen), "\u{1b}P\u{1b}]52;c;aGVsbG8=\u{7}\u{1b}\\");
        let long = sent(&"x".repeat(3000), Multiplexer::Screen);
        assert_eq!(long.matches("\u{1b}P").count(), 6);
        assert!(long.split("\u{1b}\\").all(|chunk| chunk.len() <= SCREEN_CHUNK + 2));
    }

    #[test]
    fn control_characters_do_not_reach_the_clipboard() {
        assert_eq!(
            sent("a\u{1b}b\nc", Multiplexer::None),
            format!("\u{1b}]52;c;{}\u{7}", STANDARD.encode("a\u{FFFD}b\nc"))
        );
    }

    #[test]
    fn what_is_too_long_is_refused_in_words() {
        assert!(sequence(&"x".repeat(LIMIT), Multiplexer::None).is_ok());
        let refused = sequence(&"x".repeat(LIMIT + 1), Multiplexer::None).unwrap_err();
        assert!(refused.to_string().contains("74995 bytes"), "{refused}");
    }

    #[test]
    fn the_environment_says_what_stands_between() {
        assert_eq!(Multiplexer::of(true, true, "screen-256color"), Multiplexer::Tmux);
        assert_eq!(Multiplexer::of(false, false, "tmux-256color"), Multiplexer::Tmux);
        assert_eq!(Multiplexer::of(false, true, "screen"), Multiplexer::Screen);
        assert_eq!(Multiplexer::of(false, false, "screen-256color"), Multiplexer::None);
    }
}
