//! Who did something.

use serde::{Deserialize, Serialize};

use super::store::accounts::Account;
use crate::api::ActorType;
use crate::api::audit::{AuditActor, UserMeta};

/// Who did something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Actor(pub AuditActor);

impl Actor {
    /// A person with an account.
    #[must_use]
    pub fn account(account: &Account, org: &str) -> Self {
        Self::person(UserMeta {
            uid: account.uid.clone(),
            first_name: account.first_name.clone(),
            last_name: account.last_name.clone(),
            email_id: if account.email.is_empty() { account.login.clone() } else { account.email.clone() },
            org: org.to_owned(),
        })
    }

    /// Someone who gave a name that may be nobody's.
    #[must_use]
    pub fn stranger(login: &str, org: &str) -> Self {
        Self::person(UserMeta { email_id: login.to_owned(), org: org.to_owned(), ..UserMeta::default() })
    }

    /// A person.
    #[must_use]
    pub fn person(user: UserMeta) -> Self {
        Self(AuditActor { actor_type: Some(ActorType::User), user: Some(user), ..AuditActor::default() })
    }

    /// The plane itself.
    #[must_use]
    pub fn plane() -> Self {
        Self(AuditActor { actor_type: Some(ActorType::System), ..AuditActor::default() })
    }

    /// A service of the plane.
    #[must_use]
    pub fn service(name: &str) -> Self {
        Self(AuditActor {
            actor_type: Some(ActorType::Service),
            service_name: name.to_owned(),
            ..AuditActor::default()
        })
    }

    /// Uid of the person; empty for the plane and its services.
    #[must_use]
    pub fn uid(&self) -> &str {
        self.0.user.as_ref().map_or("", |user| user.uid.as_str())
    }
}
