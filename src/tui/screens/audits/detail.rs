//! One audit entry at length.

use crate::api::audit::Audit;
use crate::tui::screens::reading::Reading;
use crate::tui::ui::Slot;
use crate::tui::ui::widgets::text_view::StyledLine;

/// The page of an entry.
#[must_use]
pub fn page(entry: &Audit) -> Reading {
    Reading::new("Audit entry", lines(entry)).about(entry.metadata.uid.clone())
}

fn lines(entry: &Audit) -> Vec<StyledLine> {
    let spec = &entry.spec;
    let resource = &spec.resource;
    let person = spec.actor.user.as_ref().map_or_else(String::new, |user| {
        format!("{} {} {}", user.first_name, user.last_name, user.uid).trim().to_owned()
    });
    let project = spec.actor.project.as_ref().map_or_else(String::new, |project| project.name.clone());
    let word = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let fields = [
        ("Time", entry.metadata.creation_timestamp.map_or_else(String::new, |at| at.format("%F %T UTC").to_string())),
        ("User", entry.who().to_owned()),
        ("", person),
        ("Actor", word(spec.actor.actor_type.as_ref().map(|kind| kind.as_str()))),
        ("Project", project),
        ("Action", word(spec.action_type.as_ref().map(|action| action.as_str()))),
        ("Resource", format!("{} {}", resource.kind, resource.name).trim().to_owned()),
        ("", resource.uid.clone()),
        ("Uid", entry.metadata.uid.clone()),
    ];
    let mut lines: Vec<StyledLine> = fields
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(label, value)| StyledLine::new(format!("{label:<10}"), Slot::Label).and(value, Slot::Text))
        .collect();
    let messages = [("Message", &spec.action_msg), ("Detail", &spec.content_msg), ("Note", &spec.user_msg)];
    for (label, text) in messages.into_iter().filter(|(_, text)| !text.is_empty()) {
        lines.push(StyledLine::default());
        lines.push(StyledLine::new(label, Slot::Label));
        lines.extend(text.lines().map(|line| StyledLine::new(line, Slot::Text)));
    }
    lines
}
