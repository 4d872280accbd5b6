//! What the plane needs for a page, the way over the socket and back included.

use std::error::Error;
use std::time::Instant;

use chrono::TimeDelta;
use palette_console::api::PAGE_LIMIT;
use palette_console::api::audit::AuditQuery;
use palette_console::api::meta::time;
use palette_console::client::Client;
use palette_console::clock::{Clock, SystemClock};

use crate::figures::{Amount, Figure, median};
use crate::fixture::Fixture;

/// Calls that one client may make at once without being held back by its own rate limit.
const CALLS: usize = 4;
const CLIENTS: usize = 6;

pub async fn measure(fixture: &Fixture) -> Result<Vec<Figure>, Box<dyn Error>> {
    let gateway = fixture.gateways.first().map(|gateway| gateway.metadata.uid.clone()).unwrap_or_default();
    let half_a_year_ago = time::format(SystemClock.now() - TimeDelta::days(180));
    let older = AuditQuery { end_time: Some(half_a_year_ago), ..AuditQuery::default() };
    let about = AuditQuery { resource_uid: Some(gateway.clone()), limit: Some(5), ..AuditQuery::default() };
    let last = fixture.clusters.len().saturating_sub(1) / PAGE_LIMIT as usize * PAGE_LIMIT as usize;
    let last = u64::try_from(last)?;
    let newest = AuditQuery::default();
    let gateway = gateway.as_str();
    let (newest, older, about) = (&newest, &older, &about);
    Ok(vec![
        Figure::new("one gateway", median_of(fixture, async |it| it.overlord(gateway).await.map(drop)).await?),
        Figure::new("all gateways", median_of(fixture, async |it| it.overlords().await.map(drop)).await?),
        Figure::new("clusters: first page", median_of(fixture, async |it| it.cluster_page(0).await.map(drop)).await?),
        Figure::new("clusters: last page", median_of(fixture, async |it| it.cluster_page(last).await.map(drop)).await?),
        Figure::new("audits: newest page", median_of(fixture, async |it| it.audits(newest).await.map(drop)).await?),
        Figure::new("audits: half a year back", median_of(fixture, async |it| it.audits(older).await.map(drop)).await?),
        Figure::new("audits: of one gateway", median_of(fixture, async |it| it.audits(about).await.map(drop)).await?),
    ])
}

async fn median_of(
    fixture: &Fixture,
    call: impl AsyncFn(&Client) -> Result<(), palette_console::client::Error>,
) -> Result<Amount, Box<dyn Error>> {
    let mut samples = Vec::with_capacity(CLIENTS * CALLS);
    for _ in 0..CLIENTS {
        let client = fixture.client().await?;
        for _ in 0..CALLS {
            let start = Instant::now();
            call(&client).await?;
            samples.push(start.elapsed());
        }
    }
    median(samples).map(Amount::from).ok_or_else(|| "nothing was measured".into())
}
