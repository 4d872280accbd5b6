//! What went wrong, in words: what failed, why, and what to do about it.

use std::fmt;
use std::time::Duration;

use crate::api::ApiError;
use crate::api::error::code;
use crate::text;
use crate::trust::{Fingerprint, TrustError};

use super::session::SessionKind;

/// A call that did not do what it should.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    /// What was wanted, as the end of a sentence that starts with "could not".
    pub operation: &'static str,
    /// Why it failed.
    pub kind: Kind,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// No connection: the call was certainly not carried out.
    Unreachable {
        /// Where the plane should be.
        address: String,
        /// The innermost reason.
        reason: String,
    },
    /// The plane's certificate is not believed.
    Untrusted {
        /// Where the plane should be.
        address: String,
        /// Why it is not believed.
        reason: String,
        /// The certificate that was shown.
        fingerprint: Option<Fingerprint>,
    },
    /// No answer in time.
    TimedOut {
        /// How long was waited.
        after: Duration,
    },
    /// The connection broke before the answer was whole.
    Broken {
        /// The innermost reason.
        reason: String,
    },
    /// Nobody is signed in, or the session has ended.
    SignedOut(SessionKind),
    /// The plane said no.
    Refused {
        /// HTTP status.
        status: u16,
        /// What it said.
        error: Box<ApiError>,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// Something answered, but not the API.
    NotTheApi {
        /// HTTP status.
        status: u16,
        /// What it sent instead.
        found: String,
    },
    /// The login wants what a terminal cannot give.
    NeedsBrowser,
    /// The certificates to believe cannot be read.
    Trust(String),
}

impl Error {
    pub(super) fn new(operation: &'static str, kind: Kind) -> Self {
        Self { operation, kind }
    }

    /// Whether the plane may have carried the call out although no answer came: the state must be read again,
    /// the call must not be sent again.
    #[must_use]
    pub fn outcome_unknown(&self) -> bool {
        match &self.kind {
            Kind::TimedOut { .. } | Kind::Broken { .. } => true,
            // A gateway between us and the plane gave up waiting for it.
            Kind::Refused { status, .. } => matches!(status, 502..=504),
            // A yes that is not the plane's own may come from before it or from behind it.
            Kind::NotTheApi { status, .. } => matches!(status, 200..=299 | 502..=504),
            _ => false,
        }
    }

    /// Whether the plane could not be reached at all or did not answer as a plane should.
    #[must_use]
    pub fn plane_lost(&self) -> bool {
        matches!(self.kind, Kind::Unreachable { .. } | Kind::NotTheApi { .. }) || self.outcome_unknown()
    }

    /// Whether a login would help, and which.
    #[must_use]
    pub fn signed_out(&self) -> Option<SessionKind> {
        match self.kind {
            Kind::SignedOut(session) => Some(session),
            _ => None,
        }
    }

    /// The code of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match &self.kind {
            Kind::Refused { error, .. } => Some(&error.code),
            _ => None,
        }
    }

    /// A text among the details of a refusal.
    #[must_use]
    pub fn detail(&self, name: &str) -> Option<&str> {
        match &self.kind {
            Kind::Refused { error, .. } => error.details.get(name)?.as_str(),
            _ => None,
        }
    }

    /// Whether the plane is there but has too much to do.
    #[must_use]
    pub fn is_overload(&self) -> bool {
        matches!(&self.kind, Kind::Refused { status: 429 | 502..=504, .. })
    }

    /// Whether this session may not do that.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        matches!(&self.kind, Kind::Refused { status: 401 | 403, .. })
    }

    /// Whether the plane knows no such thing.
    #[must_use]
    pub fn not_found(&self) -> bool {
        matches!(&self.kind, Kind::Refused { status: 404, .. }) || self.code() == Some(code::NOT_FOUND)
    }

    /// What to quote to support, where the plane gave it.
    #[must_use]
    pub fn reference(&self) -> Option<String> {
        match &self.kind {
            Kind::Refused { error, .. } if !error.reference.is_empty() => {
                Some(text::clean(&error.reference).into_owned())
            }
            _ => None,
        }
    }

    /// Why, in a sentence without its full stop.
    #[must_use]
    pub fn reason(&self) -> String {
        match &self.kind {
            Kind::Unreachable { address, reason } => format!("the plane at {address} cannot be reached ({reason})"),
            Kind::Untrusted { address, reason, .. } => {
                format!("the certificate of {address} is not trusted ({reason})")
            }
            Kind::TimedOut { after } => format!("the plane did not answer within {} s", after.as_secs()),
            Kind::Broken { reason } => format!("the connection broke before the answer came ({reason})"),
            Kind::SignedOut(session) => format!("the {session} session has ended or was never opened"),
            Kind::Refused { status, error, .. } => refusal(*status, error),
            Kind::NotTheApi { status, found } => format!("the answer (HTTP {status}) is {found}, not the Palette API"),
            Kind::NeedsBrowser => "this account wants a second factor, which a terminal cannot give".to_owned(),
            Kind::Trust(reason) => reason.clone(),
        }
    }

    /// What to do about it, in a whole sentence.
    #[must_use]
    pub fn advice(&self) -> String {
        match &self.kind {
            Kind::Unreachable { .. } => "Check the address and the network, and that the plane is running.".to_owned(),
            Kind::Untrusted { fingerprint, .. } => untrusted_advice(*fingerprint),
            Kind::TimedOut { .. } | Kind::Broken { .. } => {
                "Read the state again before repeating a change: it may have been carried out.".to_owned()
            }
            Kind::SignedOut(session) => format!("Sign in as {} again; nothing you typed is lost.", session.person()),
            Kind::Refused { status, error, retry_after } => refusal_advice(*status, error, *retry_after),
            Kind::NotTheApi { .. } => {
                "Check the address: a proxy, a login page or another program may be answering there.".to_owned()
            }
            Kind::NeedsBrowser => "Use an API key, or paste a token from the browser.".to_owned(),
            Kind::Trust(_) => "Mend the file, or leave the option out.".to_owned(),
        }
    }
}

fn refusal(status: u16, error: &ApiError) -> String {
    let message = text::clean(error.message.trim_end_matches('.'));
    let code = text::clean(&error.code);
    match (message.is_empty(), code.is_empty()) {
        (false, false) => format!("{message} ({code})"),
        (false, true) => format!("{message} (HTTP {status})"),
        (true, false) => format!("the plane refused with {code}"),
        (true, true) => format!("the plane refused with HTTP {status}"),
    }
}

fn refusal_advice(status: u16, error: &ApiError, retry_after: Option<Duration>) -> String {
    let detail = |name: &str| error.details.get(name).and_then(serde_json::Value::as_u64);
    let left = |n: u64| match n {
        0 => "No try is left: the account is locked now.".to_owned(),
        1 => "One try is left before the account is locked for 15 minutes.".to_owned(),
        n => format!("{n} tries are left before the account is locked for 15 minutes."),
    };
    if let Some(most) = detail("attemptsLeftAtMost") {
        return format!(
            "Check user name and password. At most {most} of 5 tries are left before the account is locked."
        );
    }
    match (error.code.as_str(), status) {
        (code::BAD_CREDENTIALS, _) => {
            detail("attemptsLeft").map_or_else(|| "Check the user name and the password.".to_owned(), left)
        }
        (code::LOCKED, _) => match detail("retryAfterSeconds") {
            Some(seconds) => format!("Wait {} min, then sign in again.", seconds.div_ceil(60)),
            None => "Wait 15 minutes, then sign in again.".to_owned(),
        },
        (code::DATABASE_DAMAGED | code::STORAGE_UNWRITABLE, _) => "Mend that on the machine of the plane.".to_owned(),
        // Their messages say what to do.
        (code::NOT_CONFIGURED | code::JOB_RUNNING | code::OTHER_PLANE | code::KEY_MISSING, _) => {
            "Nothing was changed.".to_owned()
        }
        (_, 401) => "Check what you signed in with.".to_owned(),
        (_, 403) => "Sign in with an account that may do this.".to_owned(),
        (_, 404) => "It may have been deleted meanwhile; read the list again.".to_owned(),
        (_, 429) => match retry_after {
            Some(wait) => format!("Wait {} s; the plane limits how often it is asked.", wait.as_secs().max(1)),
            None => "Wait a few moments; the plane limits how often it is asked.".to_owned(),
        },
        (_, 500..) => "Quote the reference to whoever looks after the plane if it stays.".to_owned(),
        _ => "Nothing was changed.".to_owned(),
    }
}

fn untrusted_advice(fingerprint: Option<Fingerprint>) -> String {
    let ca = "Name the authority that signed it with --ca-file";
    match fingerprint {
        Some(print) => {
            format!("{ca}, or compare its SHA-256 fingerprint on the plane and start with\n--tls-pin {}", print.plain())
        }
        None => format!("{ca}."),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not {}: {}. {}", self.operation, self.reason(), self.advice())?;
        match self.reference() {
            Some(reference) => write!(f, " Reference: {reference}."),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl From<TrustError> for Error {
    fn from(error: TrustError) -> Self {
        Self::new("prepare the connection", Kind::Trust(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(status: u16, body: serde_json::Value) -> Error {
        let error = serde_json::from_value(body).unwrap();
        Error::new("delete the gateway", Kind::Refused { status, error, retry_after: None })
    }

    #[test]
    fn a_refusal_says_what_failed_why_and_what_to_quote() {
        let error = refused(500, json!({"code":"OverlordHasClusters","message":"12 clusters remain.","ref":"ref-1a"}));
        assert_eq!(
            error.to_string(),
            "could not delete the gateway: 12 clusters remain (OverlordHasClusters). \
             Quote the reference to whoever looks after the plane if it stays. Reference: ref-1a."
        );
    }

    #[test]
    fn a_refusal_cannot_smuggle_escapes_onto_the_screen() {
        let error = refused(400, json!({"code":"X","message":"a\u{1b}[2Jb","ref":"\u{202e}r"}));
        assert!(!error.to_string().contains(['\u{1b}', '\u{202e}']));
    }

    #[test]
    fn wrong_passwords_count_down() {
        let error = refused(401, json!({"code":"InvalidCredentials","details":{"attemptsLeft":1}}));
        assert!(error.advice().starts_with("One try is left"), "{}", error.advice());
    }

    #[test]
    fn only_lost_answers_leave_the_outcome_open() {
        let open = |kind| Error::new("x", kind).outcome_unknown();
        assert!(open(Kind::TimedOut { after: Duration::from_secs(1) }));
        assert!(open(Kind::NotTheApi { status: 504, found: "a web page".into() }));
        assert!(open(Kind::NotTheApi { status: 200, found: "a web page".into() }));
        assert!(!open(Kind::NotTheApi { status: 404, found: "a web page".into() }));
        assert!(!open(Kind::Unreachable { address: "a".into(), reason: "r".into() }));
        assert!(!refused(500, json!({"code":"X"})).outcome_unknown());
    }
}
