//! How a gateway or a cluster does: computed from what it reported and when, never stored.

use chrono::{DateTime, TimeDelta, Utc};

use crate::api::overlord::{Condition, Health, RelatedObject};
use crate::api::{HealthState, PcgState};
use crate::text;

/// Silence after which a gateway counts as unhealthy.
pub const SILENCE_LIMIT: TimeDelta = TimeDelta::minutes(10);

/// What a gateway or a cluster reported.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Where it is in its life.
    pub state: PcgState,
    /// Version of its agent; empty where it never reported.
    pub agent_version: String,
    /// Last sign of life.
    pub last_heartbeat: Option<DateTime<Utc>>,
    /// What it says is wrong.
    pub conditions: Vec<Condition>,
}

impl Report {
    /// The verdict at `now`; `object` is what the conditions are about.
    #[must_use]
    pub fn health(&self, object: &RelatedObject, now: DateTime<Utc>) -> Health {
        let mut conditions = self.conditions.clone();
        let state = match self.last_heartbeat {
            None => HealthState::Unknown,
            Some(beat) if now - beat > SILENCE_LIMIT => {
                conditions.insert(0, silence(now - beat));
                HealthState::UnHealthy
            }
            Some(_) if conditions.is_empty() => HealthState::Healthy,
            Some(_) => HealthState::UnHealthy,
        };
        for condition in &mut conditions {
            condition.related_object = Some(object.clone());
        }
        Health { state, agent_version: self.agent_version.clone(), last_heartbeat: self.last_heartbeat, conditions }
    }
}

fn silence(span: TimeDelta) -> Condition {
    let message = format!("no heartbeat for {} (limit {})", text::span(span), text::span(SILENCE_LIMIT));
    Condition { kind: "AgentDown".to_owned(), message, related_object: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap() + TimeDelta::minutes(minutes)
    }

    fn reported(last_heartbeat: Option<DateTime<Utc>>) -> Report {
        Report { state: PcgState::Running, last_heartbeat, ..Report::default() }
    }

    fn verdict(report: &Report, now: DateTime<Utc>) -> Health {
        report.health(&RelatedObject::default(), now)
    }

    #[test]
    fn silence_of_more_than_ten_minutes_is_unhealthy_in_words() {
        let report = reported(Some(at(0)));
        assert_eq!(verdict(&report, at(10)).state, HealthState::Healthy);
        let health = verdict(&report, at(31));
        assert_eq!(health.state, HealthState::UnHealthy);
        assert_eq!(health.conditions[0].kind, "AgentDown");
        assert_eq!(health.conditions[0].message, "no heartbeat for 31 min (limit 10 min)");
    }

    #[test]
    fn a_failed_condition_outweighs_a_fresh_heartbeat() {
        let mut report = reported(Some(at(0)));
        report.conditions.push(Condition { kind: "DiskPressure".into(), ..Condition::default() });
        assert_eq!(verdict(&report, at(0)).state, HealthState::UnHealthy);
    }

    #[test]
    fn what_never_reported_is_unknown() {
        assert_eq!(verdict(&reported(None), at(0)).state, HealthState::Unknown);
    }

    #[test]
    fn a_heartbeat_from_the_future_is_not_silence() {
        assert_eq!(verdict(&reported(Some(at(5))), at(0)).state, HealthState::Healthy);
    }
}
