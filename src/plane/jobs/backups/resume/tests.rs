use super::*;
use crate::plane::jobs::rig::Ground;

#[tokio::test]
async fn what_a_backup_left_is_tidied_up_by_one_job_that_is_itself_given_up_in_the_end() {
    let (ground, _orders) = Ground::new();
    ground.configure("ftp", 1, 13).await;
    let (backup_uid, stale) = (BackupUid::fresh(ground.plane.now()).to_string(), vec!["earlier".to_owned()]);
    let left = Row { backup_uid, stale, attempts: MOST_ATTEMPTS, ..ground.row("left", JobKind::Create) };
    ground.put(&left).await;
    for starts in 1..=5 {
        resume(&ground.plane).await.unwrap();
        let tidying = ground.jobs(JobKind::Retention).await;
        assert_eq!(tidying.len(), 1, "after {starts} starts");
        assert_eq!(tidying[0].state.ended(), starts > 3, "after {starts} starts");
    }
    assert_eq!(ground.job("left").await.state, JobState::Error);
    let unfinished = ground.plane.store.read(|connection| Ok(jobs::unfinished(connection)?)).await.unwrap();
    assert_eq!(unfinished, [], "the location is free");
}
