//! Audit entries as rows of a table.

use crate::api::audit::Audit;
use crate::tui::ui::Glyphs;
use crate::tui::ui::widgets::data_table::{Cell, Column, Rows, Width};

pub(super) const COLUMNS: [Column; 5] = [
    Column::new("time", "Time (UTC)", Width::Fixed(19)),
    Column::new("user", "User", Width::Fixed(24)).priority(1),
    Column::new("action", "Action", Width::Fixed(8)).priority(3),
    Column::new("resource", "Resource", Width::Fixed(24)).priority(2),
    Column::new("message", "Message", Width::Fill { min: 20 }),
];

pub(super) struct AuditRows<'a>(pub(super) &'a [Audit]);

/// The resource in words.
pub(super) fn resource(entry: &Audit) -> String {
    let resource = &entry.spec.resource;
    let name = [&resource.name, &resource.label, &resource.uid].into_iter().find(|word| !word.is_empty());
    name.cloned().unwrap_or_default()
}

/// What happened: at length where the plane said it at length.
pub(super) fn message(entry: &Audit) -> &str {
    let spec = &entry.spec;
    if spec.content_msg.is_empty() { &spec.action_msg } else { &spec.content_msg }
}

impl Rows for AuditRows<'_> {
    type Id = String;

    fn count(&self) -> usize {
        self.0.len()
    }

    fn id(&self, row: usize) -> Option<String> {
        self.0.get(row).map(|entry| entry.metadata.uid.clone())
    }

    fn cell(&self, row: usize, column: &'static str, glyphs: &Glyphs) -> Cell<'_> {
        let Some(entry) = self.0.get(row) else { return Cell::new("") };
        match column {
            "time" => {
                let time = entry.metadata.creation_timestamp;
                Cell::new(time.map_or_else(|| glyphs.none.to_owned(), |at| at.format("%F %T").to_string()))
            }
            "user" => Cell::new(entry.who()),
            "action" => Cell::new(entry.spec.action_type.as_ref().map_or("", |action| action.as_str())),
            "resource" => Cell::new(resource(entry)),
            _ => Cell::new(message(entry)),
        }
    }
}
