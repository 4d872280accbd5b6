//! The detail of the selected gateway: what is wrong, what depends on it, what happened to it, what would help.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::api::HealthState;
use crate::ops::audits::Page;
use crate::ops::migrate::health_word;
use crate::ops::pcgs::{ClusterRef, Pcg};
use crate::text;
use crate::tui::jobs::Job;
use crate::tui::model::Model;
use crate::tui::ui::draw::{after, below, columns, right, row, slot, spans};
use crate::tui::ui::{Look, Slot};

/// Columns of the labels.
const LABEL: u16 = 13;

pub(super) fn view(pcg: &Pcg, history: Option<&Page>, area: Rect, buf: &mut Buffer, model: &Model) {
    let look = &model.look();
    let area = after(area, 1);
    let uid = format!("uid {} ", pcg.uid);
    let room = right(buf, row(area, 0), &uid, Slot::Muted, look);
    slot(buf, Rect { width: room.saturating_sub(1), ..row(area, 0) }, &pcg.name, Slot::Title, look);
    verdict(pcg, row(area, 1), buf, model);
    let mut rest = below(area, 2);
    let mut line = |label: &str, words: &str, buf: &mut Buffer| {
        slot(buf, row(rest, 0), label, Slot::Label, look);
        slot(buf, after(row(rest, 0), LABEL), words, Slot::Text, look);
        rest = below(rest, 1);
    };
    for condition in pcg.conditions.iter().take(2) {
        line("Condition", &format!("{}: {}", condition.kind, condition.message), buf);
    }
    line("Clusters", &clusters(model.inventory.clusters_of(&pcg.uid), area.width.saturating_sub(LABEL)), buf);
    line("Network", &network(pcg), buf);
    if let Some(words) = history.and_then(|page| newest(page, model)) {
        line("Last entry", &words, buf);
    }
    if let Some(words) = help(pcg, model) {
        slot(buf, row(rest, 0), "What helps", Slot::Label, look);
        spans(buf, after(row(rest, 0), LABEL), words, look);
    }
}

fn verdict(pcg: &Pcg, area: Rect, buf: &mut Buffer, model: &Model) {
    let look: &Look = &model.look();
    let (sign, meaning) = super::rows::health_sign(&pcg.health, look.glyphs);
    let used = spans(buf, area, [(sign, meaning), (" ", Slot::Text), (health_word(&pcg.health), meaning)], look);
    let age = pcg.last_heartbeat.map(|last| text::age(last, model.now.wall));
    let words = match (&pcg.health, age) {
        (HealthState::Healthy, Some(age)) => format!(", heartbeat {age}"),
        (_, Some(age)) => format!(", last heartbeat {age} ago"),
        (_, None) => ", no heartbeat yet".to_owned(),
    };
    slot(buf, after(area, used), &format!("{words}; state {}", pcg.state), Slot::Text, look);
}

fn clusters(known: Option<Vec<&ClusterRef>>, width: u16) -> String {
    let Some(mut clusters) = known else { return "counting …".to_owned() };
    clusters.sort_by(|a, b| a.name.cmp(&b.name));
    let mut words = String::new();
    for (place, cluster) in clusters.iter().enumerate() {
        let name = text::clean(&cluster.name);
        let left = clusters.len() - place;
        let more = format!("and {left} more");
        let tail = if left > 1 { columns(&more) + 2 } else { 0 };
        if columns(&words) + columns(&name) + tail > width {
            return words + &more;
        }
        words += &format!("{name}  ");
    }
    if words.is_empty() { "none".to_owned() } else { words }
}

fn network(pcg: &Pcg) -> String {
    let free: usize = pcg.pools.iter().map(|pool| pool.status.available_ips.len()).sum();
    let given: usize = pcg.pools.iter().map(|pool| pool.status.allotted_ips.len()).sum();
    let address = if pcg.ip.is_empty() { "no address" } else { &pcg.ip };
    match pcg.pools.len() {
        0 => format!("{address}, no address pool"),
        n => format!("{address}, {} ({free} of {} addresses free)", text::count(n, "pool"), free + given),
    }
}

fn newest(page: &Page, model: &Model) -> Option<String> {
    let entry = page.entries.first()?;
    let age = entry.metadata.creation_timestamp.map(|at| text::age(at, model.now.wall))?;
    Some(format!("{age} ago, {}: {}", entry.who(), entry.spec.content_msg))
}

fn help(pcg: &Pcg, model: &Model) -> Option<[(&'static str, Slot); 2]> {
    let (key, words) = match (&pcg.health, pcg.clusters) {
        _ if pcg.is_system => return None,
        _ if model.jobs.get(&pcg.uid).is_some_and(Job::is_running) => ("w", " shows its migration"),
        (HealthState::UnHealthy, Some(1..)) => ("m", " moves its clusters to a healthy gateway"),
        (HealthState::UnHealthy, Some(0)) => ("d", " deletes it: no cluster references it any more"),
        _ => return None,
    };
    Some([(key, Slot::Accent), (words, Slot::Text)])
}
