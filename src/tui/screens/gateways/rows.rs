//! Gateways as rows of a table.

use crate::api::{HealthState, PcgState};
use crate::ops::migrate::health_word;
use crate::ops::pcgs::Pcg;
use crate::text;
use crate::tui::model::Model;
use crate::tui::ui::widgets::data_table::{Cell, Column, Rows, SortKey, Width};
use crate::tui::ui::{Glyphs, Slot};

pub(super) const COLUMNS: [Column; 8] = [
    Column::new("name", "Name", Width::Fit { min: 22, max: 48 }),
    Column::new("cloud", "Cloud", Width::Fit { min: 5, max: 10 }).priority(4),
    Column::new("state", "State", Width::Fit { min: 5, max: 12 }).priority(3),
    Column::new("health", "Health", Width::Fixed(11)),
    Column::new("clusters", "Clusters", Width::Fixed(8)).right().priority(1),
    Column::new("heartbeat", "Heartbeat", Width::Fixed(9)).priority(2),
    Column::new("agent", "Agent", Width::Fit { min: 5, max: 10 }).priority(5),
    Column::new("ip", "Address", Width::Fit { min: 15, max: 39 }).priority(6),
];

pub(super) struct PcgRows<'a> {
    model: &'a Model,
}

impl<'a> PcgRows<'a> {
    pub(super) fn new(model: &'a Model) -> Self {
        Self { model }
    }

    fn pcg(&self, row: usize) -> Option<&'a Pcg> {
        self.model.pcgs.get(row)
    }
}

/// The sign and meaning of a health.
pub(super) fn health_sign(health: &HealthState, glyphs: &Glyphs) -> (&'static str, Slot) {
    match health {
        HealthState::Healthy => (glyphs.good, Slot::Good),
        HealthState::UnHealthy => (glyphs.bad, Slot::Bad),
        HealthState::Unknown | HealthState::Other(_) => (glyphs.unknown, Slot::Muted),
    }
}

pub(super) fn heartbeat(pcg: &Pcg, model: &Model) -> String {
    match pcg.last_heartbeat {
        None => "never".to_owned(),
        Some(last) => text::age(last, model.now.wall),
    }
}

impl Rows for PcgRows<'_> {
    type Id = String;

    fn count(&self) -> usize {
        self.model.pcgs.len()
    }

    fn id(&self, row: usize) -> Option<String> {
        self.pcg(row).map(|pcg| pcg.uid.clone())
    }

    fn cell(&self, row: usize, column: &'static str, glyphs: &Glyphs) -> Cell<'_> {
        let Some(pcg) = self.pcg(row) else { return Cell::new("") };
        match column {
            "name" => Cell::new(pcg.name.as_str()),
            "cloud" => Cell::new(pcg.cloud.as_ref().map_or(glyphs.none, |cloud| cloud.label())),
            "state" if pcg.state == PcgState::Running => Cell::new("Running"),
            "state" => Cell::styled(pcg.state.as_str(), Slot::Warn),
            "health" => {
                let (sign, slot) = health_sign(&pcg.health, glyphs);
                Cell::styled(format!("{sign} {}", health_word(&pcg.health)), slot)
            }
            "clusters" => Cell::new(pcg.clusters.map_or_else(|| glyphs.ellipsis.to_owned(), |n| n.to_string())),
            "heartbeat" => Cell::new(heartbeat(pcg, self.model)),
            "agent" if pcg.agent_version.is_empty() => Cell::styled(glyphs.none, Slot::Muted),
            "agent" => Cell::new(pcg.agent_version.as_str()),
            _ => Cell::new(pcg.ip.as_str()),
        }
    }

    fn sort_key(&self, row: usize, column: &'static str) -> SortKey<'_> {
        let Some(pcg) = self.pcg(row) else { return SortKey::Missing };
        let number = |value: Option<i64>| value.map_or(SortKey::Missing, SortKey::Number);
        match column {
            "clusters" => number(pcg.clusters.and_then(|n| i64::try_from(n).ok())),
            "heartbeat" => number(pcg.last_heartbeat.map(|at| -at.timestamp())),
            "health" => SortKey::Number(match pcg.health {
                HealthState::UnHealthy => 0,
                HealthState::Unknown | HealthState::Other(_) => 1,
                HealthState::Healthy => 2,
            }),
            _ => SortKey::Text(self.cell(row, column, &Glyphs::ascii()).text),
        }
    }
}
