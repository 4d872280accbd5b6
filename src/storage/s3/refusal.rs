//! What a server's refusals mean, in words.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::ProvideErrorMetadata;

use super::place::Place;
use super::wire::Trouble;
use crate::storage::{Kind, ServerClock};
use crate::text;

/// Codes of keys that are not known or do not fit.
const OF_KEYS: &[&str] = &[
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "NotSignedUp",
    "InvalidToken",
    "ExpiredToken",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidSecurity",
];
/// Codes of a wrong region.
const OF_REGIONS: &[&str] =
    &["PermanentRedirect", "TemporaryRedirect", "IllegalLocationConstraintException", "AuthorizationHeaderMalformed"];

/// How the SDK tells of failures.
pub(super) type SdkError<E> = aws_sdk_s3::error::SdkError<E, HttpResponse>;

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Put,
    Get,
    Head,
    List,
    Delete,
    Look,
}

impl Verb {
    /// The permission it needs, as policies name it.
    fn permission(self) -> &'static str {
        match self {
            Self::Put => "s3:PutObject",
            Self::Get | Self::Head => "s3:GetObject",
            Self::List => "s3:ListBucket",
            Self::Delete => "s3:DeleteObject",
            Self::Look => "s3:GetBucketVersioning",
        }
    }
}

/// A failure, taken apart.
#[derive(Debug)]
pub(super) enum Refusal {
    /// No answer.
    Broken(Trouble),
    /// An answer that says no, or that is none.
    Answer(Box<Answer>),
}

/// An answer that says no, or that is none.
#[derive(Debug)]
pub(super) struct Answer {
    status: u16,
    /// The server's own code; empty where it gave none, as on every `HEAD`.
    code: String,
    message: String,
    /// The region that the server names.
    region: Option<String>,
    html: bool,
    empty: bool,
}

impl Refusal {
    pub(super) fn of<E: ProvideErrorMetadata + std::error::Error + 'static>(error: SdkError<E>) -> Self {
        use aws_sdk_s3::error::SdkError as E;
        match error {
            E::ServiceError(error) => {
                let meta = error.err().meta();
                Self::answer(meta.code().unwrap_or_default(), meta.message().unwrap_or_default(), error.raw())
            }
            E::ResponseError(error) => Self::answer("", "", error.raw()),
            E::DispatchFailure(failure) => {
                let source = failure.as_connector_error().and_then(std::error::Error::source);
                let known = source.and_then(|source| source.downcast_ref::<Trouble>()).cloned();
                Self::Broken(known.unwrap_or_else(|| Trouble::new(Kind::Interrupted, "the request could not be sent")))
            }
            E::TimeoutError(_) => Self::Broken(Trouble::new(Kind::Timeout, "the answer did not come in time")),
            error => {
                let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                let reason = format!("the request cannot be built from these settings ({})", quoted(&source));
                Self::Broken(Trouble::new(Kind::Settings, reason))
            }
        }
    }

    fn answer(code: &str, message: &str, raw: &HttpResponse) -> Self {
        let body = String::from_utf8_lossy(raw.body().bytes().unwrap_or_default());
        let header = |name| raw.headers().get(name);
        let start = body.trim_start().get(..200).unwrap_or(body.trim_start()).to_ascii_lowercase();
        let html = header("content-type").is_some_and(|kind| kind.contains("html"))
            || start.starts_with("<!doctype html")
            || start.starts_with("<html");
        let region = header("x-amz-bucket-region").map(ToOwned::to_owned).or_else(|| tag(&body, "Region"));
        let (code, message) = (quoted(code), quoted(message));
        let region = region.filter(|name| is_region(name)).or_else(|| expected_region(&message));
        Self::Answer(Box::new(Answer {
            status: raw.status().as_u16(),
            code,
            message,
            region,
            html,
            empty: body.trim().is_empty(),
        }))
    }

    fn has(&self, status: u16, code: &str) -> bool {
        matches!(self, Self::Answer(answer) if answer.status == status || answer.code == code)
    }

    /// Something is there already, so that a guarded write was refused.
    pub(super) fn is_occupied(&self) -> bool {
        self.has(412, "PreconditionFailed")
    }

    /// The server does not know guarded writes.
    pub(super) fn knows_no_guard(&self) -> bool {
        let Self::Answer(answer) = self else { return false };
        answer.status == 501
            || answer.status == 400 && matches!(&*answer.code, "NotImplemented" | "InvalidArgument" | "InvalidRequest")
    }

    /// The object is not there: on `HEAD`, whose answers carry no code.
    pub(super) fn is_absence(&self) -> bool {
        matches!(self, Self::Answer(answer) if answer.status == 404 && answer.code != "NoSuchBucket")
    }

    /// The answer calls itself a web page. Some servers (moto) say so of every answer to `HEAD`.
    pub(super) fn is_page(&self) -> bool {
        matches!(self, Self::Answer(answer) if answer.html)
    }

    /// The object is not there, in so many words.
    pub(super) fn is_missing_key(&self) -> bool {
        matches!(self, Self::Answer(answer) if answer.status == 404 && answer.code == "NoSuchKey")
    }

    /// In words.
    pub(super) fn told(self, verb: Verb, place: &Place, clock: Option<ServerClock>) -> Trouble {
        match self {
            Self::Broken(trouble) => trouble,
            Self::Answer(answer) => answer.told(verb, place, clock),
        }
    }
}

impl Answer {
    fn told(&self, verb: Verb, place: &Place, clock: Option<ServerClock>) -> Trouble {
        match self.kind() {
            Kind::Credentials => self.credentials(),
            Kind::Region => self.other_region(place),
            Kind::Clock => skewed(clock, &self.said()),
            Kind::Denied => self.denied(verb, &place.bucket),
            kind => self.plainly(kind, &place.bucket),
        }
    }

    /// What is told the same way whatever was asked.
    fn plainly(&self, kind: Kind, bucket: &str) -> Trouble {
        let asked_to_wait = matches!(self.status, 429 | 503) || self.code == "SlowDown";
        let missing = format!("the bucket {bucket} does not exist there");
        let web_page = format!("a web page answers there, not S3 (HTTP {})", self.status);
        let (reason, advice) = match kind {
            Kind::NoSuchPlace => (
                &*missing,
                "Check the bucket's name and the endpoint, or make the bucket; this program never makes one.",
            ),
            Kind::NotFound => ("there is no such object", ""),
            Kind::Busy if asked_to_wait => ("the server asks to come back later", "Try again in a few minutes."),
            Kind::Busy => ("the server failed", "Try again later; look at the server's log."),
            Kind::Full => {
                ("the server has no room left", "Free space, raise the quota, or keep backups for fewer days.")
            }
            Kind::Locked => (
                "the bucket's object lock keeps the object for now",
                "Wait until its retention has ended, or make the bucket's retention shorter than the location's.",
            ),
            Kind::Settings => ("the server does not take these settings", "Check the KMS key."),
            _ if self.html => {
                (&*web_page, "Check the endpoint: a console, a login page or a proxy may be answering there.")
            }
            _ => (
                "the server answered what cannot be used",
                "Check that the endpoint is that of an S3 service, and the server's log.",
            ),
        };
        let said = if reason == web_page { String::new() } else { self.said() };
        Trouble::new(kind, format!("{reason}{said}")).advised(advice)
    }

    fn kind(&self) -> Kind {
        let words = self.message.to_ascii_lowercase();
        let locked = ["object lock", "worm", "retention", "legal hold"].iter().any(|word| words.contains(word));
        let unknown = ["no such", "no user", "not exist", "not found"].iter().any(|word| words.contains(word));
        match (self.status, &*self.code) {
            // versitygw
            (401 | 403 | 404, _) if unknown && words.contains("access key") => Kind::Credentials,
            (_, "AccessDenied" | "InvalidRequest" | "ObjectLocked") if locked => Kind::Locked,
            // garage: of the bytes, and of the objects
            (_, "AccessDenied") if words.contains("quota is reached") => Kind::Full,
            // garage
            (_, "AccessDenied") if words.contains("no such key") || words.contains("invalid signature") => {
                Kind::Credentials
            }
            (_, code) if OF_KEYS.contains(&code) => Kind::Credentials,
            (_, "NoSuchBucket") => Kind::NoSuchPlace,
            (_, code) if OF_REGIONS.contains(&code) => Kind::Region,
            (301 | 307, _) => Kind::Region,
            (_, "RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture") => Kind::Clock,
            (404, "NoSuchKey") => Kind::NotFound,
            (507, _) | (_, "QuotaExceeded" | "InsufficientStorage" | "XMinioStorageFull" | "StorageFull") => Kind::Full,
            (_, "XMinioAdminBucketQuotaExceeded" | "NoSpaceLeft" | "ServiceQuotaExceeded") => Kind::Full,
            (_, "RequestTimeout" | "SlowDown" | "Busy" | "Throttling" | "ThrottlingException") => Kind::Busy,
            (_, "ConditionalRequestConflict" | "OperationAborted") | (429 | 500 | 502..=504, _) => Kind::Busy,
            (_, code) if code.starts_with("KMS") => Kind::Settings,
            (400, "") if self.region.is_some() => Kind::Region,
            (401 | 403, _) => Kind::Denied,
            _ => Kind::Protocol,
        }
    }

    fn credentials(&self) -> Trouble {
        let words = self.message.to_ascii_lowercase();
        let (reason, advice) = if self.code == "SignatureDoesNotMatch" || words.contains("invalid signature") {
            (
                "the secret access key does not fit the access key id",
                "Check the secret access key. Where it is right, a proxy on the way changes requests.",
            )
        } else {
            (
                "the server does not know the access key id",
                "Check the access key id; it may have been deleted, or belong to another server.",
            )
        };
        Trouble::new(Kind::Credentials, format!("{reason}{}", self.said())).advised(advice)
    }

    fn other_region(&self, place: &Place) -> Trouble {
        let (bucket, region) = (&place.bucket, &place.region);
        let (reason, advice) = match &self.region {
            Some(right) if right != region => (
                format!("the bucket {bucket} is in region {right}, not in {region}{}", self.said()),
                format!("Set the region to {right}."),
            ),
            _ => (
                format!("the server does not take region {region}{}", self.said()),
                "Set the region that the bucket is in, or that the server is set up with.".to_owned(),
            ),
        };
        Trouble::new(Kind::Region, reason).advised(advice)
    }

    fn denied(&self, verb: Verb, bucket: &str) -> Trouble {
        if self.html {
            let reason = format!("a web page refuses access there (HTTP {})", self.status);
            return Trouble::new(Kind::Denied, reason)
                .advised("Check the endpoint: a console, a login page or a proxy may be answering there.");
        }
        let permission = verb.permission();
        let on = if verb == Verb::List || verb == Verb::Look { bucket.to_owned() } else { format!("{bucket}/*") };
        let advice = match verb {
            Verb::Head if self.empty => {
                format!(
                    "Allow {permission} on {on}, and s3:ListBucket on {bucket}, without which a missing object looks \
                     forbidden."
                )
            }
            _ => format!("Allow {permission} on {on} in the policy of the key or of the bucket."),
        };
        Trouble::new(Kind::Denied, format!("the access key may not do that{}", self.said())).advised(advice)
    }

    /// What the server said, in brackets.
    fn said(&self) -> String {
        let words = match (self.code.as_str(), self.message.trim_end_matches('.')) {
            ("", "") if self.empty => format!("HTTP {} without a reason", self.status),
            ("", "") => format!("HTTP {}", self.status),
            (code, "") => code.to_owned(),
            ("", message) => message.to_owned(),
            (code, message) => format!("{code}: {message}"),
        };
        format!(" ({words})")
    }
}

fn skewed(clock: Option<ServerClock>, said: &str) -> Trouble {
    let apart = clock.map(|clock| clock.minutes_ahead()).filter(|minutes| *minutes != 0);
    let reason = match apart {
        Some(minutes) if minutes > 0 => format!("this machine's clock is {minutes} min ahead of the server's"),
        Some(minutes) => format!("this machine's clock is {} min behind the server's", -minutes),
        None => "this machine's clock and the server's are too far apart".to_owned(),
    };
    Trouble::new(Kind::Clock, format!("{reason}{said}"))
        .advised("Set both clocks right (NTP); S3 allows 15 minutes between them.")
}

/// The region in a message such as `the region 'a' is wrong; expecting 'b'`, or `…, expected: …/b/s3/aws4_request`.
fn expected_region(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("expect")?;
    let quoted = rest.split('\'').nth(1);
    let scoped = rest.split_once("/s3/").and_then(|(scope, _)| scope.rsplit('/').next());
    quoted.or(scoped).filter(|name| is_region(name)).map(ToOwned::to_owned)
}

fn is_region(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// The text of the first `<name>` in XML.
fn tag(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once("</").map(|(text, _)| text.to_owned())
}

fn quoted(words: &str) -> String {
    text::elide(&text::clean(words), 200).into_owned()
}
