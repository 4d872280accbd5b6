//! What the keys do, from the same table that gives them their meaning.

use super::reading::Reading;
use crate::tui::command::{Entry, Scope, TABLE, shown};
use crate::tui::ui::Slot;
use crate::tui::ui::widgets::text_view::StyledLine;

/// Help for a screen: its own keys first.
#[must_use]
pub fn page(scope: Scope) -> Reading {
    let mut lines: Vec<StyledLine> = Vec::new();
    let mut scopes = vec![scope];
    scopes.extend(
        [Scope::Gateways, Scope::Backup, Scope::Audits, Scope::Everywhere].into_iter().filter(|other| *other != scope),
    );
    for scope in scopes {
        lines.push(StyledLine::new(scope.title().to_owned(), Slot::Title));
        for entry in TABLE.iter().filter(|entry| entry.scope == scope) {
            lines.push(StyledLine::new(format!("  {:<16}{}", keys(entry), entry.help), Slot::Text));
        }
        lines.push(StyledLine::default());
    }
    lines.push(StyledLine::new("In tables", Slot::Title));
    lines.push(StyledLine::new("  Arrows j k     move; Page-up, Page-down, Home, End", Slot::Text));
    lines.push(StyledLine::default());
    lines.push(StyledLine::new("In dialogs", Slot::Title));
    for line in [
        "  Enter          go on",
        "  Tab            next field or button",
        "  Up Down        scroll",
        "  Esc            back",
    ] {
        lines.push(StyledLine::new(line, Slot::Text));
    }
    Reading::new("Help", lines)
}

fn keys(entry: &Entry) -> String {
    entry.keys.iter().map(|key| shown(key)).collect::<Vec<_>>().join("  ")
}
