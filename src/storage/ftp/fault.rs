//! What a server's refusals and broken connections mean, in words.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use suppaftp::FtpError;
use suppaftp::types::Response;

use crate::storage::Kind;
use crate::text::{clean, elide};

/// Most columns of a server's words in an error.
const QUOTED: usize = 200;

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

/// Kind, reason and advice by code and words; the reason is completed by the caller.
fn explained(code: u32, text: &str) -> Fault {
    let lower = text.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let (kind, reason, advice) = match code {
        _ if says(&["session reuse", "session_reuse", "ssl session", "tls session"]) || code == 522 => (
            Kind::Tls,
            "the server wants every data connection to resume the TLS session of the control connection, and did not take ours for that",
            "If it happens again, have the server not require it (vsftpd: require_ssl_reuse=NO; ProFTPD: TLSOptions NoSessionReuseRequired).",
        ),
        421 | 430 | 500 | 530 | 550 | 534 | 521
            if says(&["encrypt", "cleartext", "tls required", "ssl/tls", "ftps", "use tls", "use ssl"]) =>
        {
            (Kind::Tls, "the server takes no session without TLS", "Set TLS to required or optional.")
        }
        534 | 536 | 537 | 521 | 533 => (Kind::Tls, "the server wants another protection than it was offered", ""),
        421 => (Kind::Busy, "the server ends the session", "Ask for more sessions of this account, or try later."),
        530 | 430 if says(&["too many", "maximum", "limit", "already connected"]) => {
            (Kind::Busy, "too many sessions are open", "Ask for more sessions of this account.")
        }
        430 | 530 | 331 | 332 => (Kind::Denied, "the session is not signed in", ""),
        452 | 552 => (Kind::Full, "the server's disk or the account's quota is full", FREE_SPACE),
        _ if code >= 400 && says(&["no space", "quota", "disk full"]) => {
            (Kind::Full, "the server cannot store more", FREE_SPACE)
        }
        // vsftpd and pure-ftpd say no more than this; ProFTPD takes a write that came out short for the last.
        _ if code >= 400
            && says(&["failure writing to local file", "error during write to file", "input/output error"]) =>
        {
            (Kind::Full, "the server could not write the file, most often because its disk is full", FREE_SPACE)
        }
        425 => (Kind::Unreachable, "no data connection could be opened", PASSIVE_PORTS),
        426 => (Kind::Interrupted, "the transfer was cut", ""),
        450 | 451 => (Kind::Busy, "the server could not do it just now", ""),
        500 if says(&["oops"]) => (
            Kind::Protocol,
            "the server's own settings keep it from going on",
            "Often the account's home directory is missing or may not be written at its root; the server's log says more.",
        ),
        500..=504 => (Kind::Protocol, "", ""),
        550 | 553 | 551 if says(&["no such", "not found", "not exist", "doesn't exist", "cannot find"]) => {
            (Kind::NotFound, "", "")
        }
        532 | 550 | 551 | 553 => (Kind::Denied, "", "Check what the account may do in this directory."),
        _ => (Kind::Protocol, "", ""),
    };
    let mut fault = Fault::new(kind, reason).advised(advice);
    fault.again |= code == 425 || code == 522;
    fault.door = code == 425;
    fault
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

/// A server's words in one harmless line.
pub(super) fn quoted(words: &str) -> String {
    elide(&clean(words.trim()), QUOTED).into_owned()
}

/// A reason without the password, which a server may echo. One that is shorter than three letters is left: hiding it
/// would tell it.
pub(super) fn without(secret: &str, words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    if secret.len() < 3 {
        return words.to_owned();
    }
    let mut parts = words.split(secret);
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let _ = write!(out, "********{part}");
    }
    out
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
        assert!(!fault.reason.contains('\u{1b}') && fault.reason.len() < 400, "{}", fault.reason);
    }

    #[test]
    fn an_echoed_password_is_struck_out() {
        assert_eq!(without("hunter2", "\"530 hunter2 is wrong\""), "\"530 ******** is wrong\"");
    }
}
