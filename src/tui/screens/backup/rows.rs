//! Backups as rows of a table.

use super::words;
use crate::api::backup::Backup;
use crate::api::words::TransferState;
use crate::text;
use crate::tui::model::Model;
use crate::tui::msg::backup::Which;
use crate::tui::ui::widgets::data_table::{Cell, Column, Rows, SortKey, Width};
use crate::tui::ui::{Glyphs, Slot};

/// The documented columns stay the longest; size and verification are this program's own.
pub(super) const COLUMNS: [Column; 7] = [
    Column::new("uid", "Backup uid", Width::Fit { min: 20, max: 36 }),
    Column::new("mode", "Mode", Width::Fit { min: 4, max: 14 }),
    Column::new("status", "Status", Width::Fixed(12)),
    Column::new("finish", "Finish Time (UTC)", Width::Fit { min: 17, max: 19 }).priority(1),
    Column::new("size", "Size", Width::Fixed(9)).right().priority(3),
    Column::new("verified", "Verified", Width::Fit { min: 8, max: 22 }).priority(4),
    Column::new("actions", "Actions", Width::Fit { min: 7, max: 17 }).priority(2),
];

/// Below this width the time is shown without its seconds, and of the actions only the first.
const WIDE: u16 = 100;

pub(super) struct BackupRows<'a> {
    model: &'a Model,
}

impl<'a> BackupRows<'a> {
    pub(super) fn new(model: &'a Model) -> Self {
        Self { model }
    }

    fn backup(&self, row: usize) -> Option<&'a Backup> {
        self.model.backups.rows.get(row)
    }

    fn is_wide(&self) -> bool {
        self.model.screen.width >= WIDE
    }

    fn actions(&self, backup: &Backup) -> &'static str {
        let whole = words::unusable(backup).is_none();
        match (whole, backup.own, self.is_wide()) {
            _ if backup.state == TransferState::Running => "cancel",
            _ if words::lacks_key(backup) => "no key",
            _ if super::todo::undeletable(backup, self.model).is_some() => "details",
            (true, true, true) => "restore · delete",
            (true, true, false) => "restore",
            (true, false, true) => "recover · delete",
            (true, false, false) => "recover",
            (false, _, _) => "delete",
        }
    }
}

impl Rows for BackupRows<'_> {
    type Id = Which;

    fn count(&self) -> usize {
        self.model.backups.rows.len()
    }

    fn id(&self, row: usize) -> Option<Which> {
        self.backup(row).map(Which::of)
    }

    fn cell(&self, row: usize, column: &'static str, glyphs: &Glyphs) -> Cell<'_> {
        let Some(backup) = self.backup(row) else { return Cell::new("") };
        let absent = || Cell::styled(glyphs.none, Slot::Muted);
        match column {
            "uid" => Cell::new(backup.uid.as_str()),
            "mode" => Cell::new(words::place(&backup.location, &backup.mode)),
            "status" => {
                let (sign, word, meaning) = words::state(&backup.state, glyphs);
                Cell::styled(format!("{sign} {word}"), meaning)
            }
            "finish" => backup.finished.map_or_else(absent, |at| {
                Cell::new(if self.is_wide() { words::stamp(at) } else { at.format("%F %H:%M").to_string() })
            }),
            "size" if backup.bytes == 0 => absent(),
            "size" => Cell::new(text::size(backup.bytes)),
            "verified" => backup.verified.as_ref().map_or_else(absent, |verified| {
                let (words, meaning) = words::verified(verified, self.model);
                Cell::styled(words, meaning)
            }),
            _ => Cell::styled(self.actions(backup), Slot::Muted),
        }
    }

    fn sort_key(&self, row: usize, column: &'static str) -> SortKey<'_> {
        let Some(backup) = self.backup(row) else { return SortKey::Missing };
        let time = |at: Option<chrono::DateTime<chrono::Utc>>| {
            at.map_or(SortKey::Missing, |at| SortKey::Number(at.timestamp()))
        };
        match column {
            "finish" => time(backup.finished),
            "size" => SortKey::Number(i64::try_from(backup.bytes).unwrap_or(i64::MAX)),
            "verified" => time(backup.verified.as_ref().and_then(|verified| verified.at)),
            _ => SortKey::Text(self.cell(row, column, &Glyphs::ascii()).text),
        }
    }
}
