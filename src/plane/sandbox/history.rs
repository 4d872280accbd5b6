//! A year of audit entries.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Transaction;

use super::invent::World;
use super::inventory::{Event, Inventory};
use crate::api::ActionType;
use crate::api::audit::{AuditResource, UserMeta};
use crate::api::cluster::ProjectMeta;
use crate::plane::actor::Actor;
use crate::plane::failure::Failure;
use crate::plane::jobs::migration;
use crate::plane::state::{kind, resource};
use crate::plane::store::audits::{self, Entry};
use crate::plane::store::clusters::Role;
use crate::plane::uid;
use crate::text;

/// How far the trail reaches back; Palette keeps one year.
const YEAR_MINUTES: i64 = 365 * 1440;

/// What entries are made of.
struct Teller<'a> {
    events: &'a [Event],
    people: Vec<Actor>,
    gateways: Vec<AuditResource>,
    clusters: Vec<AuditResource>,
    /// Projects of the clusters, by uid.
    projects: BTreeMap<String, ProjectMeta>,
}

/// Writes `count` entries, oldest first.
///
/// # Errors
/// Those of the storage.
pub fn insert(
    transaction: &Transaction<'_>,
    curated: &Inventory,
    world: &World,
    count: usize,
    org: &str,
    rng: &mut fastrand::Rng,
    now: DateTime<Utc>,
) -> Result<(), Failure> {
    let teller = Teller::new(curated, world, org, rng);
    let mut told = past_migrations(curated, &teller, now, rng);
    let mut moments: Vec<_> = (told.len()..count).map(|_| moment(now, rng)).collect();
    moments.sort_unstable();
    told.extend(moments.into_iter().map(|at| teller.tell(at, rng)));
    told.sort_by_key(|(at, ..)| *at);
    for (at, entry, note) in &told {
        audits::insert(transaction, *at, &uid::from_rng(rng), note, entry)?;
    }
    Ok(())
}

/// A moment of the last year, more often in working hours.
fn moment(now: DateTime<Utc>, rng: &mut fastrand::Rng) -> DateTime<Utc> {
    let at = now - TimeDelta::minutes(rng.i64(1..YEAR_MINUTES)) - TimeDelta::milliseconds(rng.i64(0..60_000));
    let hour = at.timestamp().rem_euclid(86_400) / 3_600;
    if (6..18).contains(&hour) || rng.u32(..3) == 0 { at } else { at - TimeDelta::hours(9) }
        .max(now - TimeDelta::minutes(YEAR_MINUTES))
}

type Told = (DateTime<Utc>, Entry, String);

impl<'a> Teller<'a> {
    fn new(curated: &'a Inventory, world: &World, org: &str, rng: &mut fastrand::Rng) -> Self {
        let named = |kind: &str, uid: &str, name: &str| AuditResource {
            uid: uid.to_owned(),
            kind: kind.to_owned(),
            name: name.to_owned(),
            label: name.to_owned(),
        };
        let person = |user: &super::inventory::User| {
            Actor::person(UserMeta {
                uid: uid::from_rng(rng),
                first_name: user.first.clone(),
                last_name: user.last.clone(),
                email_id: user.email.clone(),
                org: org.to_owned(),
            })
        };
        Self {
            events: &curated.events,
            people: curated.users.iter().map(person).collect(),
            gateways: world.gateways.iter().map(|found| named(kind::GATEWAY, &found.uid, &found.name)).collect(),
            clusters: world
                .clusters
                .iter()
                .filter(|found| found.role == Role::Workload)
                .map(|found| named(kind::CLUSTER, &found.uid, &found.name))
                .collect(),
            projects: world
                .clusters
                .iter()
                .filter_map(|found| Some((found.uid.clone(), found.project.clone()?)))
                .collect(),
        }
    }

    fn pick(&self, rng: &mut fastrand::Rng) -> Option<&'a Event> {
        let total: u32 = self.events.iter().map(|event| event.weight).sum();
        let mut at = rng.u32(..total.max(1));
        self.events.iter().find(|event| match at.checked_sub(event.weight) {
            Some(rest) => {
                at = rest;
                false
            }
            None => true,
        })
    }

    fn person(&self, rng: &mut fastrand::Rng) -> Actor {
        self.people.get(rng.usize(..self.people.len().max(1))).cloned().unwrap_or_else(Actor::plane)
    }

    fn actor(&self, event: &Event, rng: &mut fastrand::Rng) -> Actor {
        match (&event.service, event.system) {
            (Some(service), _) => Actor::service(service),
            (None, true) => Actor::plane(),
            (None, false) => self.person(rng),
        }
    }

    fn about(&self, event: &Event, actor: &Actor, rng: &mut fastrand::Rng) -> AuditResource {
        let pool = match event.kind.as_str() {
            kind::GATEWAY => &self.gateways,
            _ => &self.clusters,
        };
        match (event.kind.as_str(), event.names.get(rng.usize(..event.names.len().max(1)))) {
            (kind::USER, _) => {
                let mut user = resource(kind::USER, actor.uid());
                user.name = email(actor);
                user
            }
            (kind, Some(name)) => AuditResource {
                uid: uid::from_rng(rng),
                kind: kind.to_owned(),
                name: name.clone(),
                label: name.clone(),
            },
            (_, None) => pool.get(rng.usize(..pool.len().max(1))).cloned().unwrap_or_default(),
        }
    }

    fn tell(&self, at: DateTime<Utc>, rng: &mut fastrand::Rng) -> Told {
        let Some(event) = self.pick(rng) else {
            let nothing = resource(kind::SYSTEM, "");
            return (
                at,
                entry(ActionType::Action, "Start", "The plane started.".to_owned(), Actor::plane(), nothing),
                String::new(),
            );
        };
        let mut actor = self.actor(event, rng);
        let about = self.about(event, &actor, rng);
        actor.0.project = self.projects.get(&about.uid).cloned();
        let content = event.content.replace("{name}", &about.name).replace("{user}", &email(&actor));
        let note = if rng.u32(..4) == 0 { event.note.clone() } else { String::new() };
        (at, entry(event.action.clone(), &event.title, content, actor, about), note)
    }
}

fn email(actor: &Actor) -> String {
    actor.0.user.as_ref().map(|user| user.email_id.clone()).unwrap_or_default()
}

fn entry(action: ActionType, title: &str, content: String, actor: Actor, resource: AuditResource) -> Entry {
    Entry { action, title: title.to_owned(), content, actor, resource }
}

/// Start and end of every migration that was rehearsed, and the deletion of its source.
fn past_migrations(curated: &Inventory, teller: &Teller<'_>, now: DateTime<Utc>, rng: &mut fastrand::Rng) -> Vec<Told> {
    let mut told = Vec::new();
    for past in &curated.migrations {
        let start = now - TimeDelta::days(past.days);
        let actor = teller.person(rng);
        let mut source = resource(kind::GATEWAY, &uid::from_rng(rng));
        source.name.clone_from(&past.from);
        source.label.clone_from(&past.from);
        let clusters = text::count(past.clusters, "cluster");
        let route = format!("from {} to {}", past.from, past.to);
        let steps = [
            (0, ActionType::Update, migration::TITLE, format!("Started to migrate {clusters} {route}.")),
            (1, ActionType::Update, migration::TITLE, format!("Migrated {clusters} {route}.")),
            (9, ActionType::Delete, "Delete private gateway", format!("Deleted the private gateway {}.", past.from)),
        ];
        for (minutes, action, title, content) in steps {
            let told_entry = entry(action, title, content, actor.clone(), source.clone());
            told.push((start + TimeDelta::minutes(minutes), told_entry, String::new()));
        }
    }
    told
}
