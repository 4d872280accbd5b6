//! How a session is opened, and whose it is.

use std::fmt;

use secrecy::SecretString;

use crate::secret::Credentials;

/// Which of the two sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SessionKind {
    /// Gateways and audit logs.
    Tenant,
    /// Backup and restore.
    System,
}

impl SessionKind {
    /// Who opens such a session.
    #[must_use]
    pub fn person(self) -> &'static str {
        match self {
            Self::Tenant => "tenant administrator",
            Self::System => "system administrator",
        }
    }
}

impl fmt::Display for SessionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tenant => "tenant",
            Self::System => "system",
        })
    }
}

/// How to sign in.
#[derive(Clone)]
pub enum Login {
    /// Address and password of a tenant user.
    Tenant {
        /// Tenant; empty where the host belongs to one.
        org: String,
        /// Address of the user.
        email: String,
        /// Password.
        password: SecretString,
    },
    /// API key of a tenant user; nothing is sent to sign in.
    ApiKey(SecretString),
    /// User name and password of a system administrator.
    System {
        /// User name.
        username: String,
        /// Password.
        password: SecretString,
    },
    /// A token copied from the browser, for accounts with single sign-on or passkeys.
    Pasted {
        /// The session it opens.
        kind: SessionKind,
        /// The JWT.
        token: SecretString,
    },
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({})", self.kind())
    }
}

impl Login {
    /// The session this opens.
    #[must_use]
    pub fn kind(&self) -> SessionKind {
        match self {
            Self::Tenant { .. } | Self::ApiKey(_) => SessionKind::Tenant,
            Self::System { .. } => SessionKind::System,
            Self::Pasted { kind, .. } => *kind,
        }
    }

    /// The tenant login that a credentials file holds: the API key where there is one, since it does not expire.
    #[must_use]
    pub fn tenant_of(credentials: &Credentials) -> Option<Self> {
        let account = credentials.tenant.as_ref()?;
        Some(match &account.api_key {
            Some(key) => Self::ApiKey(key.clone()),
            None => Self::Tenant {
                org: account.org.clone(),
                email: account.email.clone(),
                password: account.password.clone(),
            },
        })
    }
}

impl Login {
    /// The system login that a credentials file holds.
    #[must_use]
    pub fn system_of(credentials: &Credentials) -> Option<Self> {
        let account = credentials.system.as_ref()?;
        Some(Self::System { username: account.username.clone(), password: account.password.clone() })
    }
}

/// Who a session belongs to, for the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The session.
    pub kind: SessionKind,
    /// Name of the person, `API key` or `pasted token`.
    pub name: String,
    /// The tenant that was named to sign in; empty where none was.
    pub tenant: String,
}
