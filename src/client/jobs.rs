//! Jobs of the embedded plane's extension. All of them need the system session.

use reqwest::Method;

use crate::api::job::{Job, JobList};

use super::backups::system;
use super::overlords::segment;
use super::{Client, Error};

impl Client {
    /// The jobs of the last month, newest first.
    ///
    /// # Errors
    /// As every call.
    pub async fn jobs(&self) -> Result<JobList, Error> {
        self.json(system("read the jobs", Method::GET, "/ext/v1/jobs")).await
    }

    /// One job.
    ///
    /// # Errors
    /// As every call.
    pub async fn job(&self, uid: &str) -> Result<Job, Error> {
        self.json(system("read the job", Method::GET, format!("/ext/v1/jobs/{}", segment(uid)))).await
    }

    /// Asks a job to stop. An answer means that the plane took the order.
    ///
    /// # Errors
    /// As every call; see [`Error::outcome_unknown`].
    pub async fn cancel_job(&self, uid: &str) -> Result<(), Error> {
        self.done(system("cancel the job", Method::POST, format!("/ext/v1/jobs/{}/cancel", segment(uid)))).await
    }
}
