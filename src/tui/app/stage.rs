//! The application without a terminal or a plane, for tests: a fixed time, a small inventory, keys and answers by hand.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use secrecy::SecretString;
use serde_json::json;

use super::{App, Msg};
use crate::api::CloudType;
use crate::api::audit::Audit;
use crate::api::ext::Capabilities;
use crate::api::overlord::Overlord;
use crate::api::words::PcgState;
use crate::client::{Error, Kind as Why, SessionKind, Who};
use crate::ops::audits::Page;
use crate::ops::migrate::{Plan, plan};
use crate::ops::pcgs::ClusterRef;
use crate::tui::link::Prefill;
use crate::tui::model::{Model, Now};
use crate::tui::msg::{Answer, Effect, Greeting, Kind, Request};
use crate::tui::runtime::input::Input;
use crate::tui::ui::{Glyphs, Theme};

/// Uids of the gateways.
pub(crate) const SOURCE: &str = "6732677ce46389af646d5101";
pub(crate) const TARGET: &str = "6732677ce46389af646d5102";

/// The application and its time.
pub(crate) struct Stage {
    pub(crate) app: App,
    pub(crate) now: Now,
}

impl Stage {
    /// A console that waits for its plane.
    pub(crate) fn starting(theme: Theme, glyphs: Glyphs) -> Self {
        let now = Now { wall: time("2026-11-22T12:04:30Z"), tick: Instant::now() };
        let mut model = Model::new(theme, glyphs, now);
        model.place = "embedded plane".to_owned();
        model.save_dir = "/home/mara".into();
        model.screen = Rect::new(0, 0, 80, 24);
        model.prefill = Prefill {
            org: "acme".to_owned(),
            email: "admin@acme.example".to_owned(),
            password: Some(SecretString::from("secret")),
            source: Some("credentials.toml".to_owned()),
            ..Prefill::default()
        };
        Self { app: App::new(model), now }
    }

    /// A console that knows its plane.
    pub(crate) fn greeted(theme: Theme, glyphs: Glyphs) -> Self {
        let mut stage = Self::starting(theme, glyphs);
        let capabilities = Capabilities { embedded: true, sandbox: true, ..Capabilities::default() };
        stage.outcome(Answer::Greeting(Ok(Greeting { capabilities, banner: None })));
        stage
    }

    /// A console whose tenant administrator sees the gateways.
    pub(crate) fn signed_in(theme: Theme, glyphs: Glyphs) -> Self {
        let mut stage = Self::greeted(theme, glyphs);
        stage.sign_in();
        stage.outcome(Answer::Gateways(Ok(gateways())));
        stage.outcome(Answer::Clouds(Ok(clouds())));
        stage.outcome(Answer::Clusters(Ok(clusters())));
        stage.outcome(Answer::History(SOURCE.to_owned(), Ok(entries())));
        stage
    }

    /// The same with colours and unicode signs.
    pub(crate) fn ready() -> Self {
        Self::signed_in(Theme::ansi(), Glyphs::unicode())
    }

    pub(crate) fn sign_in(&mut self) -> Vec<Effect> {
        self.outcome(Answer::Login(SessionKind::Tenant, Ok(person())))
    }

    /// Presses keys by their names, with spaces between them; tells what came of the last one.
    pub(crate) fn keys(&mut self, names: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for name in names.split(' ') {
            effects = self.app.update(Msg::Input(Input::Key(name.parse().unwrap())), self.now);
        }
        effects
    }

    /// Types a text.
    pub(crate) fn type_text(&mut self, text: &str) {
        for letter in text.chars() {
            self.keys(&letter.to_string());
        }
    }

    pub(crate) fn answer(&mut self, request: Request, answer: Answer) -> Vec<Effect> {
        self.app.update(Msg::Answer(request, answer), self.now)
    }

    pub(crate) fn outcome(&mut self, answer: Answer) -> Vec<Effect> {
        self.app.update(Msg::Outcome(answer), self.now)
    }

    /// Lets time pass, and wakes the application.
    pub(crate) fn wait(&mut self, time: Duration) -> Vec<Effect> {
        self.now.tick += time;
        self.now.wall += TimeDelta::from_std(time).unwrap();
        self.app.update(Msg::Wake, self.now)
    }

    /// From the table to the typed confirmation of a migration.
    pub(crate) fn up_to_confirmation(&mut self) {
        self.keys("m enter enter enter");
        self.outcome(Answer::MigratePreflight(Ok(Box::new(migration()))));
        self.keys("enter");
    }

    /// From the table to a migration under way.
    pub(crate) fn migrating(&mut self) {
        self.up_to_confirmation();
        self.type_text("berlin-1");
        self.keys("enter");
    }

    /// The screen at a size.
    pub(crate) fn draw(&mut self, width: u16, height: u16) -> Buffer {
        let area = Rect::new(0, 0, width, height);
        self.app.update(Msg::Input(Input::Resize(width, height)), self.now);
        let mut buf = Buffer::empty(area);
        self.app.view(area, &mut buf);
        if let Some(position) = self.app.cursor(area) {
            assert!(area.contains(position), "the cursor is at {position} on {width}x{height}");
        }
        buf
    }

    /// The screen at 80x24 as text.
    pub(crate) fn text(&mut self) -> String {
        crate::tui::ui::testing::lines(&self.draw(80, 24)).join("\n")
    }
}

/// The kinds of the questions among effects.
pub(crate) fn asked(effects: &[Effect]) -> Vec<Kind> {
    let kind = |effect: &Effect| match effect {
        Effect::Ask(request) => Some(request.kind()),
        _ => None,
    };
    effects.iter().filter_map(kind).collect()
}

/// The tenant administrator.
pub(crate) fn person() -> Who {
    Who { kind: SessionKind::Tenant, name: "admin@acme.example".to_owned(), tenant: "acme".to_owned() }
}

/// A tenant session that the plane does not accept any more.
pub(crate) fn signed_out() -> Error {
    Error { operation: "read the gateways", kind: Why::SignedOut(SessionKind::Tenant) }
}

/// A plane that cannot be reached.
pub(crate) fn lost() -> Error {
    let (address, reason) = ("https://palette.example.com".to_owned(), "connection refused".to_owned());
    Error { operation: "read the gateways", kind: Why::Unreachable { address, reason } }
}

pub(crate) fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn gateway(uid: &str, name: &str, health: &str, beat: &str) -> Overlord {
    let conditions = match health {
        "UnHealthy" => json!([{ "type": "AgentDown", "message": "no heartbeat for 31 min (limit 10 min)" }]),
        _ => json!([]),
    };
    serde_json::from_value(json!({
        "metadata": { "name": name, "uid": uid, "creationTimestamp": "2026-01-05T08:00:00Z" },
        "spec": { "spectroClusterUid": format!("c{uid}"), "ipAddress": "10.20.4.11", "cloudAccountUid": "acc-1" },
        "status": { "state": "Running", "health": {
            "state": health, "agentVersion": "4.8.6", "lastHeartBeatTimestamp": beat, "conditions": conditions,
        } },
    }))
    .unwrap()
}

pub(crate) fn gateways() -> Vec<Overlord> {
    vec![
        gateway(SOURCE, "berlin-1", "UnHealthy", "2026-11-22T11:33:00Z"),
        gateway(TARGET, "berlin-2", "Healthy", "2026-11-22T12:04:10Z"),
        gateway("6732677ce46389af646d5103", "munich-maas", "Healthy", "2026-11-22T12:04:10Z"),
        gateway("6732677ce46389af646d5104", "宽-\u{202e}evil\u{1b}[2J", "Unknown", "0001-01-01T00:00:00Z"),
    ]
}

pub(crate) fn clouds() -> HashMap<String, CloudType> {
    let cloud = |gateway: &Overlord| match gateway.metadata.name.as_str() {
        "munich-maas" => CloudType::Maas,
        _ => CloudType::Vsphere,
    };
    gateways().iter().map(|it| (it.spec.spectro_cluster_uid.clone(), cloud(it))).collect()
}

pub(crate) fn clusters() -> Vec<ClusterRef> {
    let cluster = |(place, name): (usize, &&str)| ClusterRef {
        uid: format!("k{place}"),
        name: (*name).to_owned(),
        project: None,
        overlord_uid: Some(if place < 3 { SOURCE } else { TARGET }.to_owned()),
        state: PcgState::Running,
    };
    ["payments-prod", "web-prod", "edge-07", "vault-prod"].iter().enumerate().map(cluster).collect()
}

/// A migration that nothing stands in the way of.
pub(crate) fn migration() -> Plan {
    let mut inventory = crate::ops::Inventory::default();
    inventory.set_gateways(gateways());
    inventory.add_clouds(clouds());
    inventory.set_clusters(clusters());
    plan(&inventory, SOURCE, TARGET).unwrap()
}

pub(crate) fn entries() -> Page {
    let entry = |place: u32| -> Audit {
        serde_json::from_value(json!({
            "metadata": { "uid": format!("a{place}"), "name": "", "creationTimestamp": format!("2026-11-{:02}T09:00:00Z", 20 - place) },
            "spec": {
                "actionType": "update", "actionMsg": "Update private gateway",
                "contentMsg": format!("Changed the labels of the private gateway berlin-1 for the {}th time.", 20 - place),
                "actor": { "actorType": "user", "user": { "emailId": "mara.keller@acme.example", "firstName": "Mara" } },
                "resource": { "uid": SOURCE, "kind": "overlord", "name": "berlin-1" },
            },
        }))
        .unwrap()
    };
    Page { entries: (0..12).map(entry).collect(), next: None, total: 12 }
}
