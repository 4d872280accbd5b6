//! What the schedule that is being typed will mean, as the plane reckons it: a plane counts days from the first one and
//! knows what is stored, which nobody else does.

use crate::api::backup::BackupSpec;
use crate::api::location::{Location, SchedulePreview};
use crate::tui::msg::backup::Ask;

/// The part of a location that a plane is asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Rhythm {
    spec: BackupSpec,
    paused: bool,
}

impl Rhythm {
    fn of(location: &Location) -> Self {
        Self { spec: location.backup_spec, paused: location.paused }
    }
}

/// What was asked last, and what is known.
#[derive(Default)]
pub(super) struct Foresight {
    asked: Option<Rhythm>,
    known: Option<(Rhythm, SchedulePreview)>,
}

impl Foresight {
    /// The question to ask about a draft, once for each schedule that can be kept. Neither the place nor a secret is in it.
    pub(super) fn ask(&mut self, draft: &Location) -> Option<Ask> {
        let rhythm = Rhythm::of(draft);
        if self.asked.as_ref() == Some(&rhythm) || !rhythm.spec.problems().is_empty() {
            return None;
        }
        self.asked = Some(rhythm);
        Some(Ask::Preview(Box::new(Location {
            name: draft.name.clone(),
            mode: draft.mode.clone(),
            backup_spec: draft.backup_spec,
            paused: draft.paused,
            ..Location::default()
        })))
    }

    /// Takes an answer over.
    pub(super) fn learn(&mut self, asked: &Location, preview: SchedulePreview) {
        self.known = Some((Rhythm::of(asked), preview));
    }

    /// What is known of exactly this schedule.
    pub(super) fn of(&self, draft: &Location) -> Option<&SchedulePreview> {
        let (rhythm, preview) = self.known.as_ref()?;
        (*rhythm == Rhythm::of(draft)).then_some(preview)
    }
}
