//! Flags, environment and files, merged once into one struct that the rest of the program trusts.

use std::path::PathBuf;

use clap::Args;
use secrecy::SecretString;

use crate::client::address::AddressError;
use crate::client::{Address, Login};
use crate::secret::{self, Credentials, SecretError};
use crate::trust::{Fingerprint, Trust, TrustError};

/// How to reach a plane, as flags. The environment names are those that Palette's other tools use.
#[derive(Args, Clone, Debug, Default)]
pub struct Flags {
    /// Address of the plane; without it the embedded plane is used.
    #[arg(long, global = true, env = "SPECTROCLOUD_HOST", value_name = "URL", help_heading = "Connection")]
    #[arg(help = "Address of the plane, such as https://palette.example.com; without it the embedded plane is used")]
    pub url: Option<String>,
    /// File that holds a tenant user's API key (or set SPECTROCLOUD_APIKEY)
    #[arg(long, global = true, value_name = "FILE", help_heading = "Connection")]
    pub api_key_file: Option<PathBuf>,
    /// File that holds the accounts of the plane, as `serve` writes it
    #[arg(long, global = true, value_name = "FILE", help_heading = "Connection")]
    pub credentials: Option<PathBuf>,
    /// Certificate authorities to trust beside the system's own, in PEM
    #[arg(long, global = true, env = "PALETTE_CA_FILE", value_name = "FILE", help_heading = "Connection")]
    pub ca_file: Option<PathBuf>,
    /// SHA-256 fingerprint of the one certificate to trust
    #[arg(long, global = true, value_name = "SHA256", help_heading = "Connection")]
    pub tls_pin: Option<String>,
    /// Directory of the embedded plane
    #[arg(long, global = true, env = "PALETTE_CONSOLE_DATA_DIR", value_name = "DIR", help_heading = "Connection")]
    pub data_dir: Option<PathBuf>,
}

/// Which plane to talk to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A plane that runs somewhere.
    Remote(Address),
    /// The embedded plane on [`Config::data_dir`].
    Embedded,
}

/// What the program goes by.
#[derive(Clone)]
pub struct Config {
    /// Which plane.
    pub target: Target,
    /// Which certificates to believe.
    pub trust: Trust,
    /// Directory of the embedded plane.
    pub data_dir: PathBuf,
    /// API key that was given by file or environment.
    pub api_key: Option<SecretString>,
    /// Accounts that were given by file.
    pub credentials: Option<Credentials>,
    /// That file: a recovery changes the accounts in it.
    pub credentials_file: Option<PathBuf>,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The address will not do.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The fingerprint will not do.
    #[error("--tls-pin: {0}")]
    Pin(#[from] TrustError),
    /// A file with secrets will not do.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// No home directory.
    #[error("this account has no home directory to keep the embedded plane in; name one with --data-dir")]
    NoHome,
}

impl Config {
    /// Merges the flags with the environment and reads the files they name.
    ///
    /// # Errors
    /// Where one of them will not do; nothing is begun then.
    pub fn load(flags: &Flags) -> Result<Self, ConfigError> {
        let target = match flags.url.as_deref().filter(|url| !url.is_empty()) {
            Some(url) => Target::Remote(url.parse()?),
            None => Target::Embedded,
        };
        let pin = flags.tls_pin.as_deref().map(str::parse::<Fingerprint>).transpose()?;
        let api_key = match &flags.api_key_file {
            Some(path) => Some(secret::read(path)?),
            None => std::env::var("SPECTROCLOUD_APIKEY")
                .ok()
                .filter(|key| !key.trim().is_empty())
                .map(|key| SecretString::from(key.trim())),
        };
        Ok(Self {
            target,
            trust: Trust { ca_file: flags.ca_file.clone(), pin },
            data_dir: flags.data_dir.clone().map_or_else(default_data_dir, Ok)?,
            api_key,
            credentials: flags.credentials.as_deref().map(Credentials::read).transpose()?,
            credentials_file: flags.credentials.clone(),
        })
    }

    /// How to sign in as tenant administrator, as far as it was given.
    #[must_use]
    pub fn tenant_login(&self) -> Option<Login> {
        let key = self.api_key.clone().map(Login::ApiKey);
        key.or_else(|| self.credentials.as_ref().and_then(Login::tenant_of))
    }

    /// How to sign in as system administrator, as far as it was given.
    #[must_use]
    pub fn system_login(&self) -> Option<Login> {
        self.credentials.as_ref().and_then(Login::system_of)
    }
}

fn default_data_dir() -> Result<PathBuf, ConfigError> {
    use etcetera::BaseStrategy;
    let dirs = etcetera::choose_base_strategy().map_err(|_| ConfigError::NoHome)?;
    Ok(dirs.data_dir().join("palette-console"))
}

/// Where logs go; `None` where the account has no home.
#[must_use]
pub fn state_dir() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    let dirs = etcetera::choose_base_strategy().ok()?;
    Some(dirs.state_dir().unwrap_or_else(|| dirs.data_dir()).join("palette-console"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_address_the_embedded_plane_is_meant() {
        let flags = Flags { data_dir: Some("/d".into()), url: Some(String::new()), ..Flags::default() };
        let config = Config::load(&flags).unwrap();
        assert_eq!((config.target, config.data_dir), (Target::Embedded, PathBuf::from("/d")));
    }

    #[test]
    fn a_missing_key_file_is_named() {
        let flags =
            Flags { data_dir: Some("/d".into()), api_key_file: Some("/nowhere/key".into()), ..Flags::default() };
        assert!(Config::load(&flags).err().unwrap().to_string().contains("/nowhere/key"));
    }
}
