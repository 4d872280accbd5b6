//! A second plane on a data directory of its own, which recovers what the first one made.

use palette_console::api::JobState;
use palette_console::api::backup::KeyText;
use palette_console::api::location::Location;
use palette_console::backup::Place;
use palette_console::ops::rename;

use super::plane::Plane;

pub struct Twin {
    pub home: tempfile::TempDir,
    pub plane: Plane,
}

impl Twin {
    /// One with the location, and the key of the first plane.
    pub async fn start(location: &Location, key: &KeyText) -> Self {
        let home = tempfile::tempdir().unwrap();
        let plane = Plane::start(home.path()).await;
        plane.client.set_location(location).await.unwrap();
        plane.client.import_recovery_key(key).await.unwrap();
        Self { home, plane }
    }

    /// The key of what it makes itself.
    pub async fn key(&self) -> KeyText {
        self.plane.client.export_recovery_key().await.unwrap()
    }

    /// Gives a gateway a name that no backup has.
    pub async fn mark(&self, name: &str) {
        let any = self.plane.client.overlords().await.unwrap().remove(0).metadata.uid;
        rename::run(&self.plane.client, &any, name).await.unwrap();
    }

    /// The state is the one with the mark, or that of the first plane, whose gateway is told by its uid.
    pub async fn is_old_or_new(&self, mark: &str, gateway: &str, completed: bool, context: &str) {
        let all = self.plane.client.overlords().await.unwrap();
        let marked = all.iter().any(|overlord| overlord.metadata.name == mark);
        assert_eq!(marked, !completed, "{context}");
        assert!(!completed || all.iter().any(|overlord| overlord.metadata.uid == gateway), "{context}");
    }

    /// Whatever became of a recovery, the next one is whole.
    pub async fn recovers_again(&mut self, location: &str, target: &Place, gateway: &str, context: &str) {
        const MARK: &str = "before-the-next-recovery";
        self.mark(MARK).await;
        let job = self.plane.client.start_recovery(location, target.uid.as_str()).await.unwrap().job_uid;
        let ended = self.plane.brought_back(&job).await;
        assert_eq!(ended.state, JobState::Completed, "{}; {context}", ended.result);
        // The next process signs in with what the recovery wrote, and finds the same.
        self.plane.kill();
        self.plane = Plane::start(self.home.path()).await;
        self.is_old_or_new(MARK, gateway, true, context).await;
    }
}
