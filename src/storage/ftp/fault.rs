//! What a server's refusals and broken connections mean, in words.

use std::io;
use std::time::Duration;

use suppaftp::FtpError;
use suppaftp::types::Response;

use crate::storage::Kind;
use crate::text::{clean, elide};

/// Most columns of a reason, with the server's words in it.
const LONGEST: usize = 320;

/// Why a step failed, and what is left of the session it failed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: Kind,
    /// The reply's code; 0 where there was none.
    pub(super) code: u32,
    pub(super) reason: String,
    pub(super) advice: String,
    /// The session is in step with the server and can be used again.
    pub(super) sound: bool,
    /// The same may go well a little later.
    pub(super) again: bool,
    /// No data connection could be opened.
    pub(super) door: bool,
}

impl Fault {
    /// A failure that leaves nothing to be used.
    pub(super) fn new(kind: Kind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            code: 0,
            reason: reason.into(),
            advice: String::new(),
            sound: false,
            again: kind.is_passing(),
            door: false,
        }
    }

    /// The same, with what can be done about it.
    pub(super) fn advised(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }

    /// The same, on a session that can be used again.
    pub(super) fn on_sound_session(mut self) -> Self {
        self.sound = true;
        self
    }

    /// No answer in time.
    pub(super) fn late(step: &str, limit: Duration) -> Self {
        Self::new(Kind::Timeout, format!("no answer to {step} within {}", seconds(limit)))
    }

    /// Whether the server does not know the command, or not in this form.
    pub(super) fn unknown_command(&self) -> bool {
        matches!(self.code, 500..=504)
    }

    /// Whether the reply, not the connection, says no for good.
    pub(super) fn refused(&self) -> bool {
        matches!(self.code, 500..=599)
    }

    /// What went wrong at `step`, such as `the directory listing`.
    pub(super) fn from_ftp(step: &str, error: FtpError) -> Self {
        match error {
            FtpError::UnexpectedResponse(response) => Self::from_reply(step, &response),
            FtpError::ConnectionError(error) => Self::from_io(step, &error),
            FtpError::SecureError(words) => Self::new(Kind::Tls, format!("TLS failed at {step}: {}", quoted(&words))),
            FtpError::BadResponse | FtpError::InvalidAddress(_) => {
                Self::new(Kind::Protocol, format!("the server's answer to {step} cannot be read"))
                    .advised("Check that an FTP server listens at this port.")
            }
            FtpError::DataConnectionAlreadyOpen => {
                Self::new(Kind::Interrupted, format!("the session was out of step at {step}"))
            }
        }
    }

    /// A reply that says no.
    pub(super) fn from_reply(step: &str, response: &Response) -> Self {
        let body = String::from_utf8_lossy(&response.body);
        let lines: Vec<&str> = body.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        let text = quoted(&lines.join(" "));
        let code = lines.last().and_then(|line| line.get(..3)).and_then(|code| code.parse().ok());
        let code = code.unwrap_or_else(|| response.status.code());
        let mut fault = explained(code, &text);
        fault.reason = match fault.reason.as_str() {
            "" => format!("the server answered {step} with \"{text}\""),
            why => format!("{why}: the server answered {step} with \"{text}\""),
        };
        fault.code = code;
        fault.sound = code != 421;
        fault
    }

    /// A connection that broke.
    pub(super) fn from_io(step: &str, error: &io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)) = inner {
            let words = "the server broke off with words outside TLS";
            return Self::new(Kind::Protocol, format!("{words} at {step}"))
                .advised("Often the account's home directory is missing or may not be written at its root (vsftpd: \"500 OOPS\"); the server's log says more.");
        }
        match error.kind() {
            io::ErrorKind::InvalidInput => {
                Self::new(Kind::Settings, format!("a name in {step} has a line break, which FTP cannot carry"))
            }
            io::ErrorKind::UnexpectedEof => Self::new(Kind::Interrupted, format!("the server hung up at {step}")),
            io::ErrorKind::TimedOut => Self::new(Kind::Timeout, format!("no answer to {step}")),
            io::ErrorKind::InvalidData if inner.is_none() => {
                Self::new(Kind::Protocol, format!("the server's answer to {step} cannot be read: {error}"))
            }
            _ => {
                Self::new(Kind::Interrupted, format!("the connection broke at {step}: {}", quoted(&error.to_string())))
            }
        }
    }
}

/// What a reply means: kind, reason, advice.
type Meaning = (Kind, &'static str, &'static str);

/// A refusal with its words in small letters.
struct Said {
    code: u32,
    words: String,
}

impl Said {
    fn any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.words.contains(word))
    }
}

/// Kind, reason and advice by code and words; the reason is completed by the caller.
fn explained(code: u32, text: &str) -> Fault {
    let said = Said { code, words: text.to_lowercase() };
    let meaning = of_protection(&said).or_else(|| of_sessions(&said)).or_else(|| of_room(&said));
    let (kind, reason, advice) = meaning.unwrap_or_else(|| of_the_rest(&said));
    let mut fault = Fault::new(kind, reason).advised(advice);
    fault.again |= code == 425 || code == 522;
    fault.door = code == 425;
    fault
}

/// TLS is wanted, or not in this way.
fn of_protection(said: &Said) -> Option<Meaning> {
    const REUSE: &[&str] = &["session reuse", "session_reuse", "ssl session", "tls session"];
    const CLEAR: &[&str] = &["encrypt", "cleartext", "tls required", "ssl/tls", "ftps", "use tls", "use ssl"];
    match said.code {
        code if said.any(REUSE) || code == 522 => Some((
            Kind::Tls,
            "the server wants every data connection to resume the TLS session of the control connection, and did not take ours for that",
            "If it happens again, have the server not require it (vsftpd: require_ssl_reuse=NO; ProFTPD: TLSOptions NoSessionReuseRequired).",
        )),
        421 | 430 | 500 | 530 | 550 | 534 | 521 if said.any(CLEAR) => {
            Some((Kind::Tls, "the server takes no session without TLS", "Set TLS to required or optional."))
        }
        534 | 536 | 537 | 521 | 533 => Some((Kind::Tls, "the server wants another protection than it was offered", "")),
        _ => None,
    }
}

/// The session is over, or never was.
fn of_sessions(said: &Said) -> Option<Meaning> {
    match said.code {
        421 => {
            let advice = "Ask for more sessions of this account, or try later.";
            Some((Kind::Busy, "the server ends the session", advice))
        }
        530 | 430 if said.any(&["too many", "maximum", "limit", "already connected"]) => {
            Some((Kind::Busy, "too many sessions are open", "Ask for more sessions of this account."))
        }
        430 | 530 | 331 | 332 => Some((Kind::Denied, "the session is not signed in", "")),
        _ => None,
    }
}

/// There is no room.
fn of_room(said: &Said) -> Option<Meaning> {
    // vsftpd and pure-ftpd say no more than this; ProFTPD takes a write that came out short for the last.
    const SHORT: &[&str] = &["failure writing to local file", "error during write to file", "input/output error"];
    match said.code {
        452 | 552 => Some((Kind::Full, "the server's disk or the account's quota is full", FREE_SPACE)),
        400.. if said.any(&["no space", "quota", "disk full"]) => {
            Some((Kind::Full, "the server cannot store more", FREE_SPACE))
        }
        400.. if said.any(SHORT) => {
            let reason = "the server could not write the file, most often because its disk is full";
            Some((Kind::Full, reason, FREE_SPACE))
        }
        _ => None,
    }
}

fn of_the_rest(said: &Said) -> Meaning {
    const ABSENT: &[&str] = &["no such", "not found", "not exist", "doesn't exist", "cannot find"];
    match said.code {
        425 => (Kind::Unreachable, "no data connection could be opened", PASSIVE_PORTS),
        426 => (Kind::Interrupted, "the transfer was cut", ""),
        450 | 451 => (Kind::Busy, "the server could not do it just now", ""),
        500 if said.any(&["oops"]) => (
            Kind::Protocol,
            "the server's own settings keep it from going on",
            "Often the account's home directory is missing or may not be written at its root; the server's log says more.",
        ),
        550 | 553 | 551 if said.any(ABSENT) => (Kind::NotFound, "", ""),
        532 | 550 | 551 | 553 => (Kind::Denied, "", "Check what the account may do in this directory."),
        _ => (Kind::Protocol, "", ""),
    }
}

const FREE_SPACE: &str = "Free space there, or keep fewer backups.";

/// What usually keeps data connections from opening.
pub(super) const PASSIVE_PORTS: &str =
    "Check that the server's range of passive ports is open in every firewall between here and there.";

/// `10 s`, `10 min`.
fn seconds(limit: Duration) -> String {
    match limit.as_secs() {
        0 => format!("{} ms", limit.as_millis()),
        long if long >= 120 && long % 60 == 0 => format!("{} min", long / 60),
        short => format!("{short} s"),
    }
}

/// A server's words in one harmless line, as long as they are: [`told`] cuts them.
pub(super) fn quoted(words: &str) -> String {
    clean(words.trim()).into_owned()
}

/// A reason as it may be shown: without the password, which a server may echo, and not too long. In this order, since a
/// cut in the middle of a password would leave its beginning.
pub(super) fn told(secret: &str, reason: &str) -> String {
    elide(&without(secret, reason), LONGEST).into_owned()
}

/// A reason without the password in what the server said, which begins at the first quotation mark: our own words know none, and a
/// password that is one of them would be told by striking it out. One that is shorter than three letters is left for the
/// same reason.
fn without(secret: &str, reason: &str) -> String {
    // As it looks among words that were cleaned and trimmed.
    let secret = clean(secret);
    let secret = secret.trim();
    match reason.split_once('"') {
        Some((ours, theirs)) if secret.len() >= 3 => format!("{ours}\"{}", theirs.replace(secret, "********")),
        _ => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use suppaftp::Status;

    use super::*;

    fn reply(line: &str) -> Fault {
        let code: u32 = line.get(..3).unwrap().parse().unwrap();
        Fault::from_reply("STOR", &Response { status: Status::from(code), body: format!("{line}\r\n").into_bytes() })
    }

    #[test]
    fn replies_of_real_servers_are_told_apart() {
        let cases = [
            ("552 Quota exceeded", Kind::Full, false),
            ("451 Failure writing to local file.", Kind::Full, false),
            ("451 Error during write to file", Kind::Full, false),
            ("451 Transfer aborted. Input/output error", Kind::Full, false),
            ("550 notes.part: No space left on device", Kind::Full, false),
            ("421 There are too many connections from your internet address.", Kind::Busy, true),
            ("421 Sorry, cleartext sessions are not accepted on this server.", Kind::Tls, false),
            ("530 Non-anonymous sessions must use encryption.", Kind::Tls, false),
            ("530 Sorry, the maximum number of clients (1) for this user are already connected.", Kind::Busy, true),
            ("550 Permission denied.", Kind::Denied, false),
            ("550 x: No such file or directory", Kind::NotFound, false),
            ("425 Unable to build data connection: Operation not permitted", Kind::Unreachable, true),
            ("522 SSL connection failed; session reuse required: see require_ssl_reuse option", Kind::Tls, true),
            ("500 OOPS: vsftpd: refusing to run with writable root inside chroot()", Kind::Protocol, false),
            ("502 MLSD not implemented.", Kind::Protocol, false),
        ];
        for (line, kind, again) in cases {
            let fault = reply(line);
            assert_eq!((fault.kind, fault.again), (kind, again), "{line}");
            assert!(fault.reason.contains(line), "{}", fault.reason);
        }
        assert!(!reply("421 bye").sound && reply("550 no").sound);
    }

    #[test]
    fn words_of_a_server_are_harmless_and_short() {
        let fault = reply(&format!("550 \u{1b}[2J{}", "x".repeat(500)));
        let reason = told("", &fault.reason);
        assert!(!reason.contains('\u{1b}') && reason.len() < 400, "{reason}");
    }

    #[test]
    fn an_echoed_password_is_struck_out() {
        assert_eq!(without("hunter2", "\"530 hunter2 is wrong\""), "\"530 ******** is wrong\"");
        let ours = "the password is wrong: the server answered PASS with \"530 wrong is no password\"";
        let told = "the password is wrong: the server answered PASS with \"530 ******** is no password\"";
        assert_eq!(without("wrong", ours), told);
        // What is said is cleaned and trimmed, so the password looks different in it.
        let fault = reply("530 odd\u{1b}word ");
        assert!(without("odd\u{1b}word ", &fault.reason).contains("530 ********"), "{}", fault.reason);
    }
}
