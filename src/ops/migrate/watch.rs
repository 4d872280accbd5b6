//! Watching a migration: reading the clusters that have not moved yet, a few at a time, through lost
//! connections, restarts of the plane and ended sessions.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::time::Instant;

use crate::api::audit::AuditQuery;
use crate::client::{Client, Error};
use crate::text;

use super::super::pcgs::{self, ClusterRef, Reference, reference};
use super::{MigrateError, Plan, Progress, Proof, Proved};

/// Clusters read in one round.
const ROUND: usize = 16;
/// Clusters read at the same time.
const AT_ONCE: usize = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How long nothing may move, while the plane answers, before the person is told.
const PATIENCE: Duration = Duration::from_secs(60);
/// The same where the answer to the order was lost and nothing has moved at all.
const PATIENCE_WITHOUT_SIGN: Duration = Duration::from_secs(15);
/// How long the plane may be out of sight before watching ends, so that a script does not hang for ever.
const PATIENCE_OUT_OF_SIGHT: Duration = Duration::from_secs(30 * 60);

/// How the plane was last seen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sight {
    Clear,
    Lost,
    SignedOut,
}

pub(super) struct Watch<'a, F> {
    client: &'a Client,
    plan: &'a Plan,
    report: F,
    waiting: VecDeque<ClusterRef>,
    settled: Vec<Proved>,
    lost_answer: Option<String>,
    sight: Sight,
    last_move: Instant,
    last_seen: Instant,
    pause: Duration,
}

impl<'a, F: FnMut(Progress) + Send> Watch<'a, F> {
    pub(super) fn new(client: &'a Client, plan: &'a Plan, report: F) -> Self {
        Self {
            client,
            plan,
            report,
            waiting: plan.clusters.iter().cloned().collect(),
            settled: Vec::new(),
            lost_answer: None,
            sight: Sight::Clear,
            last_move: Instant::now(),
            last_seen: Instant::now(),
            pause: FIRST_PAUSE,
        }
    }

    pub(super) fn report(&mut self, progress: Progress) {
        (self.report)(progress);
    }

    pub(super) fn answer_lost(&mut self, reason: String) {
        self.lost_answer = Some(reason.clone());
        self.report(Progress::AnswerLost { reason });
    }

    pub(super) async fn follow(mut self) -> Result<Proof, MigrateError> {
        loop {
            match self.round().await {
                Ok(0) => self.nothing_moved().await?,
                Ok(_) => self.moved(),
                Err(error) => self.out_of_sight(error)?,
            }
            if self.waiting.is_empty() && self.sight == Sight::Clear && !self.adopt_newcomers().await? {
                return self.prove().await;
            }
            tokio::time::sleep(self.pause).await;
        }
    }

    /// Reads the next few waiting clusters and tells how many of them have left the source.
    async fn round(&mut self) -> Result<usize, Error> {
        let client = self.client;
        let batch: Vec<ClusterRef> = self.waiting.iter().take(ROUND).cloned().collect();
        let read = |cluster: ClusterRef| async move { reference(client, &cluster).await.map(|to| (cluster, to)) };
        let found: Vec<(ClusterRef, Reference)> = stream::iter(batch).map(read).buffered(AT_ONCE).try_collect().await?;
        self.in_sight();
        self.waiting.drain(..found.len().min(self.waiting.len()));
        let before = self.settled.len();
        for (cluster, reference) in found {
            self.sort_in(cluster, reference);
        }
        Ok(self.settled.len() - before)
    }

    fn sort_in(&mut self, cluster: ClusterRef, found: Reference) {
        match found {
            Reference::To(uid) if uid == self.plan.target.uid => {
                self.report(Progress::Moved { cluster: cluster.clone() });
                self.settled.push(Proved { cluster, overlord_uid: Some(uid) });
            }
            Reference::ClusterGone => self.settled.push(Proved { cluster, overlord_uid: None }),
            Reference::To(_) | Reference::Nowhere => self.waiting.push_back(cluster),
        }
    }

    fn moved(&mut self) {
        self.last_move = Instant::now();
        self.pause = FIRST_PAUSE;
        self.lost_answer = None;
    }

    async fn nothing_moved(&mut self) -> Result<(), MigrateError> {
        self.slow_down();
        let waited = self.last_move.elapsed();
        match &self.lost_answer {
            Some(reason) if waited >= PATIENCE_WITHOUT_SIGN => Err(MigrateError::NoSign {
                reason: reason.clone(),
                target: text::clean(&self.plan.target.name).into_owned(),
                total: self.total(),
            }),
            None if waited >= PATIENCE => Err(self.stalled(waited).await),
            _ => Ok(()),
        }
    }

    fn slow_down(&mut self) {
        self.pause = (self.pause * 3 / 2).min(LONGEST_PAUSE);
    }

    /// Takes note that the plane was read.
    fn in_sight(&mut self) {
        self.last_seen = Instant::now();
        if self.sight != Sight::Clear {
            self.sight = Sight::Clear;
            self.last_move = Instant::now();
            self.report(Progress::PlaneBack);
        }
    }

    /// Takes note that the plane cannot be read at the moment; fails where waiting would not help.
    fn out_of_sight(&mut self, error: Error) -> Result<(), MigrateError> {
        if error.signed_out().is_some() && self.client.is_turned_away() {
            return Err(MigrateError::Lost(error));
        }
        let (sight, progress) = if error.signed_out().is_some() {
            (Sight::SignedOut, Progress::SignedOut)
        } else if error.plane_lost() || error.is_overload() {
            (Sight::Lost, Progress::PlaneLost { reason: error.reason() })
        } else {
            return Err(MigrateError::Lost(error));
        };
        if self.last_seen.elapsed() >= PATIENCE_OUT_OF_SIGHT {
            return Err(MigrateError::Lost(error));
        }
        if self.sight != sight {
            self.sight = sight;
            self.report(progress);
        }
        self.slow_down();
        Ok(())
    }

    /// Takes up clusters that came to the source after the plan was made: they move too. `true` where there is
    /// something left to wait for.
    async fn adopt_newcomers(&mut self) -> Result<bool, MigrateError> {
        let clusters = match pcgs::clusters(self.client).await {
            Ok(clusters) => clusters,
            Err(error) => return self.out_of_sight(error).map(|()| true),
        };
        let known: HashSet<&str> = self.settled.iter().map(|proved| proved.cluster.uid.as_str()).collect();
        let on_source = |cluster: &ClusterRef| cluster.overlord_uid.as_deref() == Some(&self.plan.source.uid);
        let newcomers = clusters.into_iter().filter(|it| on_source(it) && !known.contains(it.uid.as_str()));
        self.waiting.extend(newcomers);
        Ok(!self.waiting.is_empty())
    }

    /// Reads every settled cluster once more: what is told at the end is what the plane shows at the end.
    async fn prove(mut self) -> Result<Proof, MigrateError> {
        self.report(Progress::Proving);
        let client = self.client;
        let read = |proved: Proved| async move {
            let found = reference(client, &proved.cluster).await?;
            Ok::<Proved, Error>(Proved { overlord_uid: found.into_uid(), ..proved })
        };
        loop {
            let again = stream::iter(self.settled.clone()).map(read).buffered(AT_ONCE);
            match again.try_collect::<Vec<Proved>>().await {
                Ok(mut clusters) => {
                    self.in_sight();
                    clusters.sort_by(|a, b| a.cluster.name.cmp(&b.cluster.name));
                    return Ok(Proof { source: self.plan.source.clone(), target: self.plan.target.clone(), clusters });
                }
                Err(error) => self.out_of_sight(error)?,
            }
            tokio::time::sleep(self.pause).await;
        }
    }

    fn total(&self) -> usize {
        self.waiting.len() + self.settled.len()
    }

    async fn stalled(&self, waited: Duration) -> MigrateError {
        let query =
            AuditQuery { resource_uid: Some(self.plan.source.uid.clone()), limit: Some(1), ..AuditQuery::default() };
        let newest = self.client.audits(&query).await.ok().and_then(|page| page.items.into_iter().next());
        MigrateError::Stalled {
            moved: self.settled.len(),
            total: self.total(),
            target: text::clean(&self.plan.target.name).into_owned(),
            waited: format!("{} s", waited.as_secs()),
            last_words: newest.map(|entry| text::clean(&entry.spec.content_msg).into_owned()),
        }
    }
}
