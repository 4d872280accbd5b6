//! Everything that is known of a backup.

use crate::api::backup::Backup;
use crate::text;
use crate::tui::model::Model;
use crate::tui::screens::reading::Reading;
use crate::tui::ui::Slot;
use crate::tui::ui::widgets::text_view::StyledLine;

use super::words;

/// The page.
pub(super) fn page(backup: &Backup, model: &Model) -> Reading {
    let (sign, word, meaning) = words::state(&backup.state, &model.glyphs);
    let mut lines =
        vec![StyledLine::new(backup.uid.as_str(), Slot::Title), StyledLine::new(format!("{sign} {word}"), meaning)];
    if !backup.note.is_empty() {
        lines.push(StyledLine::new(backup.note.as_str(), Slot::Text));
    }
    lines.push(StyledLine::default());
    let facts = facts(backup, model).into_iter().filter(|(_, words, _)| !words.is_empty());
    lines.extend(
        facts.map(|(label, words, slot)| StyledLine::new(format!("{label:<15}"), Slot::Label).and(words, slot)),
    );
    if !backup.streams.is_empty() {
        lines.push(StyledLine::default());
        lines.push(StyledLine::new("What it holds", Slot::Title));
        for stream in &backup.streams {
            let words = format!(
                "{:<13}  {} of state, {} in place, {}",
                text::clean(&stream.name),
                text::size(stream.plain_bytes),
                text::size(stream.bytes),
                text::count(stream.segments, "segment"),
            );
            lines.push(StyledLine::new(words, Slot::Text));
        }
    }
    Reading::new("Backup", lines).about(backup.uid.clone())
}

fn facts(backup: &Backup, model: &Model) -> Vec<(&'static str, String, Slot)> {
    let fact = |label, words: String| (label, words, Slot::Text);
    let time = |at: Option<chrono::DateTime<chrono::Utc>>| {
        at.map_or_else(String::new, |at| format!("{} UTC{}", words::stamp(at), words::here(at, model)))
    };
    let whose = match backup.own {
        true => "this plane".to_owned(),
        false => format!("another plane ({}): it can be recovered here", text::clean(&backup.plane_uid)),
    };
    let size = match backup.bytes {
        0 => String::new(),
        bytes => format!("{} in place, {} of state", text::size(bytes), text::size(backup.plain_bytes)),
    };
    vec![
        fact("Place", words::place(&backup.location, &backup.mode)),
        fact("Made by", whose),
        fact("Begun", time(backup.started)),
        fact("Finished", time(backup.finished)),
        fact("Expires", time(backup.expires)),
        fact("Size", size),
        fact("Encrypted", key(backup)),
        verified(backup, model),
        fact("Made with", text::clean(&backup.version).into_owned()),
    ]
}

fn verified(backup: &Backup, model: &Model) -> (&'static str, String, Slot) {
    let Some(verified) = &backup.verified else { return ("Verified", "not yet".to_owned(), Slot::Muted) };
    let (mut words, meaning) = words::verified(verified, model);
    if !verified.detail.is_empty() {
        words += &format!(": {}", text::clean(&verified.detail));
    }
    ("Verified", words, meaning)
}

fn key(backup: &Backup) -> String {
    let print = text::clean(&backup.key_fingerprint);
    match (backup.encrypted, backup.readable) {
        (false, _) => "not encrypted".to_owned(),
        (true, true) => format!("with recovery key {print}, which this plane has"),
        (true, false) => format!("with recovery key {print}, which is not on this plane; K imports it"),
    }
}
