//! The vocabularies of the API. The specification leaves most of them open, so each one keeps words it
//! does not know and compares without regard to case.

/// Declares an open vocabulary: known words become variants, others survive in `Other`.
macro_rules! open_words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            /// A word this program does not know, as the plane spelled it.
            Other(String),
        }

        impl $name {
            /// Every known word, in the order of declaration.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),+];

            /// The word as the API spells it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                $(if word.eq_ignore_ascii_case($word) { return Self::$variant; })+
                Self::Other(word.to_owned())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Self::from(<std::borrow::Cow<'_, str>>::deserialize(deserializer)?.as_ref()))
            }
        }
    };
}

open_words! {
    /// `status.state` of a gateway or a cluster: where it is in its life.
    #[derive(Default)]
    PcgState {
        /// In use.
        Running = "Running",
        /// Installed but not yet reporting.
        Pending = "Pending",
        /// Being built.
        Provisioning = "Provisioning",
        /// Being removed.
        Deleting = "Deleting",
        /// Removed.
        Deleted = "Deleted",
        /// Being taken over.
        Importing = "Importing",
        /// Failed.
        Error = "Error",
        /// Not reported.
        #[default]
        Unknown = "Unknown",
    }
}

open_words! {
    #[derive(Default)]
    /// `status.health.state`: a second axis beside the state; a running gateway may be unhealthy.
    HealthState {
        /// Reporting in time, with no failed condition.
        Healthy = "Healthy",
        /// Silent for over ten minutes, or reporting a failed condition. Palette writes a capital H.
        UnHealthy = "UnHealthy",
        /// Never reported.
        #[default]
        Unknown = "Unknown",
    }
}

open_words! {
    /// The infrastructure that a gateway or a cluster lives on.
    CloudType {
        /// VMware vSphere.
        Vsphere = "vsphere",
        /// Canonical MAAS.
        Maas = "maas",
        /// Apache CloudStack.
        CloudStack = "apache-cloudstack",
        /// OpenStack (up to Palette 4.6).
        OpenStack = "openstack",
        /// Nutanix AHV.
        Nutanix = "nutanix",
        /// Amazon Web Services.
        Aws = "aws",
        /// Microsoft Azure.
        Azure = "azure",
    }
}

impl CloudType {
    /// The name a person knows it by.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Vsphere => "vSphere",
            Self::Maas => "MAAS",
            Self::CloudStack => "CloudStack",
            Self::OpenStack => "OpenStack",
            Self::Nutanix => "Nutanix",
            Self::Aws => "AWS",
            Self::Azure => "Azure",
            Self::Other(word) => word,
        }
    }
}

open_words! {
    /// `spec.actionType` of an audit entry. A closed list in the API; `Other` only guards newer planes.
    ActionType {
        /// Something was made.
        Create = "create",
        /// Something was changed.
        Update = "update",
        /// Something was removed.
        Delete = "delete",
        /// A version was published.
        Publish = "publish",
        /// A version was deployed.
        Deploy = "deploy",
        /// A person did something that changes no resource, such as signing in.
        Activity = "activity",
        /// An operation was run.
        Action = "action",
    }
}

open_words! {
    /// `spec.actor.actorType` of an audit entry.
    ActorType {
        /// A person.
        User = "user",
        /// The plane itself.
        System = "system",
        /// A service account.
        Service = "service",
    }
}

open_words! {
    /// Where backups go. What Palette answers (`Ftp`, `FileSystem`) is not what it is asked with.
    #[derive(Default)]
    Mode {
        /// An FTP directory.
        #[default]
        Ftp = "ftp",
        /// An S3 bucket.
        S3 = "s3",
    }
}

impl Mode {
    /// The word for people.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Ftp => "FTP",
            Self::S3 => "S3",
            Self::Other(word) => word,
        }
    }
}

open_words! {
    /// Where a backup stands. Palette documents `Error` alone.
    #[derive(Default)]
    TransferState {
        /// It is being made.
        Running = "Running",
        /// Committed and good, as far as is known.
        Completed = "Completed",
        /// It was not made.
        Error = "Error",
        /// It was stopped by a person.
        Cancelled = "Cancelled",
        /// It is being deleted, or a deletion was cut short.
        Deleting = "Deleting",
        /// Left behind half-way; the sweep removes it a day later.
        Incomplete = "Incomplete",
        /// It is not what was written; `note` says what is wrong.
        Damaged = "Damaged",
        /// Made by a newer version of the program.
        Newer = "Newer",
        /// Not reported.
        #[default]
        Unknown = "Unknown",
    }
}

open_words! {
    /// How closely a verification looks.
    #[derive(Default)]
    VerifyLevel {
        /// The manifest's authenticity, and that every segment is there in its size.
        #[default]
        Quick = "quick",
        /// Every stored byte against its hash. Needs no key.
        Data = "data",
        /// Everything decrypted, unpacked and checked; the database's own integrity check.
        Full = "full",
    }
}

open_words! {
    /// What a job does.
    #[derive(Default)]
    JobKind {
        /// Tries a location.
        Validate = "validate",
        /// Makes a backup.
        #[default]
        Create = "create",
        /// Proves one.
        Verify = "verify",
        /// Brings one back on the plane that made it.
        Restore = "restore",
        /// Brings one back on another plane.
        Recover = "recover",
        /// Deletes one.
        Delete = "delete",
        /// Deletes what is past its time and what was left behind.
        Retention = "retention",
    }
}

open_words! {
    /// Where a job stands.
    #[derive(Default)]
    JobState {
        /// Waits for another job of the same location.
        Queued = "Queued",
        /// Under way.
        #[default]
        Running = "Running",
        /// Ended well.
        Completed = "Completed",
        /// Failed.
        Error = "Error",
        /// Stopped by a person.
        Cancelled = "Cancelled",
    }
}

impl JobState {
    /// Whether it has ended, one way or another.
    #[must_use]
    pub fn ended(&self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

open_words! {
    /// Whether FTP uses TLS.
    #[derive(Default)]
    Tls {
        /// Always, or not at all.
        Required = "required",
        /// Wherever the server offers it.
        #[default]
        Optional = "optional",
        /// Never.
        Off = "off",
    }
}

open_words! {
    /// How FTP data connections are opened.
    #[derive(Default)]
    Passive {
        /// `PASV`, `EPSV` where that fails or the address is IPv6.
        #[default]
        Auto = "auto",
        /// `EPSV` (RFC 2428).
        Epsv = "epsv",
        /// `PASV` (RFC 959).
        Pasv = "pasv",
    }
}

open_words! {
    /// Encryption by an S3 server.
    #[derive(Default)]
    Encryption {
        /// What the bucket says.
        #[default]
        None = "none",
        /// SSE-S3.
        Aes256 = "AES256",
        /// SSE-KMS.
        Kms = "aws:kms",
    }
}

open_words! {
    /// How much effort goes into compression.
    #[derive(Default)]
    Compression {
        /// None at all.
        Off = "off",
        /// zstd level 1.
        #[default]
        Fast = "fast",
        /// zstd level 3.
        Balanced = "balanced",
        /// zstd level 9.
        Small = "small",
    }
}

open_words! {
    /// How one check went.
    #[derive(Default)]
    CheckState {
        /// Under way.
        #[default]
        Running = "running",
        /// Good.
        Passed = "passed",
        /// Works, with a remark.
        Warning = "warning",
        /// Does not work.
        Failed = "failed",
        /// Not tried, because an earlier one failed or it was not asked for.
        Skipped = "skipped",
    }
}

open_words! {
    /// One day of a location.
    #[derive(Default)]
    DayState {
        /// Nothing was due, or the location did not exist.
        #[default]
        None = "none",
        /// A good backup was made and is there.
        Good = "good",
        /// A good backup was made, and retention took it.
        Expired = "expired",
        /// Backups failed, and none was good.
        Failed = "failed",
        /// One was due, and none was tried.
        Missed = "missed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_any_case_and_written_as_the_api_spells_them() {
        assert_eq!(HealthState::from("unhealthy"), HealthState::UnHealthy);
        assert_eq!(HealthState::UnHealthy.to_string(), "UnHealthy");
    }

    #[test]
    fn unknown_words_survive_a_round_trip() {
        let read: PcgState = serde_json::from_str("\"Rebalancing\"").unwrap();
        assert_eq!(read, PcgState::Other("Rebalancing".into()));
        assert_eq!(serde_json::to_string(&read).unwrap(), "\"Rebalancing\"");
    }
}
