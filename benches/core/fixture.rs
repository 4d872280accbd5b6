//! A plane of some size in this process, and what a console reads from it.

use std::error::Error;

use palette_console::api::overlord::Overlord;
use palette_console::client::{Address, Client, Login, Options, Who};
use palette_console::clock;
use palette_console::ops::audits::{self, Page};
use palette_console::ops::pcgs::{self, Clouds, ClusterRef};
use palette_console::plane::embedded::Keeper;
use palette_console::plane::{CREDENTIALS, Scale, Settings};
use palette_console::secret::Credentials;
use tempfile::TempDir;

pub struct Fixture {
    pub scale: Scale,
    pub who: Who,
    pub gateways: Vec<Overlord>,
    pub clusters: Vec<ClusterRef>,
    pub clouds: Clouds,
    pub newest: Page,
    keeper: Keeper,
    dir: TempDir,
}

impl Fixture {
    pub async fn open(scale: Scale) -> Result<Self, Box<dyn Error>> {
        let dir = tempfile::tempdir()?;
        let keeper = Keeper::open(Settings { sandbox: Some(scale), ..Settings::new(dir.path()) }).await?;
        let (client, who) = signed_in(&keeper, &dir).await?;
        let gateways = client.overlords().await?;
        let clusters = pcgs::clusters(&client).await?;
        let uids = gateways.iter().map(|gateway| gateway.spec.spectro_cluster_uid.clone()).collect();
        let clouds = pcgs::clouds(&client, uids).await?;
        let newest = audits::page(&client, &Default::default()).await?;
        Ok(Self { scale, who, gateways, clusters, clouds, newest, keeper, dir })
    }

    /// A client whose rate limit is still at rest, so that a few calls pass without waiting.
    pub async fn client(&self) -> Result<Client, Box<dyn Error>> {
        Ok(signed_in(&self.keeper, &self.dir).await?.0)
    }
}

async fn signed_in(keeper: &Keeper, dir: &TempDir) -> Result<(Client, Who), Box<dyn Error>> {
    let credentials = Credentials::read(&dir.path().join(CREDENTIALS))?;
    let login = Login::tenant_of(&credentials).ok_or("the sandbox has a tenant account")?;
    let client = Client::new(Options::new(Address::Socket(keeper.socket().to_owned()), clock::system()))?;
    client.read_capabilities().await?;
    let who = client.login(&login).await?;
    Ok((client, who))
}
