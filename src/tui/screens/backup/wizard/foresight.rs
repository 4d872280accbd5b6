//! What the schedule that is being typed will mean, as the plane reckons it: a plane counts days from the first one and
//! knows what is stored, which nobody else does.

use crate::api::backup::{BackupSpec, FtpSpec, S3Spec, Sensitive};
use crate::api::location::{Location, S3Options, SchedulePreview};
use crate::tui::msg::backup::Ask;

/// The part of a location that a plane is asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Rhythm {
    spec: BackupSpec,
    paused: bool,
    /// It is for another place than the one that is saved.
    moved: bool,
}

/// A place without its secret.
type Place = (Option<FtpSpec>, Option<S3Spec>, String);

fn place(location: &Location) -> Place {
    let ftp = location.ftp.clone().map(|ftp| FtpSpec { password: Sensitive::default(), ..ftp });
    let s3 = location.s3.clone().map(|s3| S3Spec { secret_key: Sensitive::default(), ..s3 });
    (ftp, s3, location.s3_options.endpoint.clone())
}

/// What was asked last, and what is known.
pub(super) struct Foresight {
    /// The place that the plane knows something of.
    place: Place,
    asked: Option<Rhythm>,
    known: Option<(Rhythm, SchedulePreview)>,
}

impl Foresight {
    /// Nothing is known yet of a location that the wizard begins with.
    pub(super) fn begin(base: &Location) -> Self {
        Self { place: place(base), asked: None, known: None }
    }

    fn rhythm(&self, location: &Location) -> Rhythm {
        Rhythm { spec: location.backup_spec, paused: location.paused, moved: place(location) != self.place }
    }

    /// The question to ask about a draft, once for each schedule that can be kept. No secret is in it, and the place only where
    /// it is another one: nothing that is known lies there.
    pub(super) fn ask(&mut self, draft: &Location) -> Option<Ask> {
        let rhythm = self.rhythm(draft);
        if self.asked.as_ref() == Some(&rhythm) || !rhythm.spec.problems().is_empty() {
            return None;
        }
        let (ftp, s3, endpoint) = if rhythm.moved { place(draft) } else { Place::default() };
        self.asked = Some(rhythm);
        Some(Ask::Preview(Box::new(Location {
            name: draft.name.clone(),
            mode: draft.mode.clone(),
            backup_spec: draft.backup_spec,
            paused: draft.paused,
            ftp,
            s3,
            s3_options: S3Options { endpoint, ..S3Options::default() },
            ..Location::default()
        })))
    }

    /// Takes an answer over.
    pub(super) fn learn(&mut self, asked: &Location, preview: SchedulePreview) {
        let moved = (asked.ftp.is_some() || asked.s3.is_some()) && place(asked) != self.place;
        self.known = Some((Rhythm { spec: asked.backup_spec, paused: asked.paused, moved }, preview));
    }

    /// What is known of exactly this schedule.
    pub(super) fn of(&self, draft: &Location) -> Option<&SchedulePreview> {
        let (rhythm, preview) = self.known.as_ref()?;
        (*rhythm == self.rhythm(draft)).then_some(preview)
    }
}
