use super::*;
use crate::plane::jobs::rig::Ground;

async fn order(ground: &Ground, kind: JobKind, actor: Actor) -> Result<Started, Failure> {
    let place = Place { plane_uid: "p".to_owned(), uid: BackupUid::fresh(ground.plane.now()) };
    ground.plane.begin(Order::new(kind, "ftp", &Mode::Ftp, actor).on(place)).await
}

#[tokio::test]
async fn one_job_of_each_kind_waits_behind_what_the_plane_does_by_itself() {
    // Nobody runs what is ordered, so that it stays.
    let (ground, _orders) = Ground::new();
    ground.configure("ftp", 1, 13).await;
    let person = || Actor::stranger("admin", "");
    order(&ground, JobKind::Verify, Actor::plane()).await.unwrap();
    for kind in [JobKind::Create, JobKind::Verify, JobKind::Delete] {
        let waits = order(&ground, kind.clone(), person()).await.unwrap();
        let refused = order(&ground, kind.clone(), person()).await.unwrap_err();
        let Failure::Refused(refusal) = refused else { panic!("{refused}") };
        assert_eq!((refusal.status, refusal.code), (StatusCode::CONFLICT, code::JOB_RUNNING));
        assert!(refusal.message.contains("waits for its turn in ftp"), "{}", refusal.message);
        assert_eq!(refusal.details["jobUid"], waits.job_uid);
        let rows = ground.jobs(kind).await;
        assert_eq!(rows.iter().filter(|row| row.state == JobState::Queued).count(), 1);
    }
    order(&ground, JobKind::Verify, Actor::plane()).await.unwrap_err();
}
