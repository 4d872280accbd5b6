//! Named locations of the embedded plane's extension. All of them need the system session.

use reqwest::Method;

use crate::api::job::Started;
use crate::api::location::{Location, LocationList, SchedulePreview};

use super::backups::{Permission, system};
use super::overlords::segment;
use super::{Client, Error};

impl Client {
    /// The locations that were configured, how they fare, and what is prepared for those that were not.
    ///
    /// # Errors
    /// As every call.
    pub async fn locations(&self) -> Result<LocationList, Error> {
        self.json(system("read the locations", Method::GET, "/ext/v1/locations")).await
    }

    /// Saves a location under its name; its reachability is not asked for. Never repeated.
    ///
    /// # Errors
    /// As every call; see [`Error::outcome_unknown`].
    pub async fn set_location(&self, location: &Location) -> Result<(), Error> {
        let path = format!("/ext/v1/locations/{}", segment(&location.name));
        self.done(system("save the location", Method::PUT, path).body(location)).await
    }

    /// Forgets a location. The backups in it stay where they are. Never repeated.
    ///
    /// # Errors
    /// As every call; see [`Error::outcome_unknown`].
    pub async fn delete_location(&self, name: &str) -> Result<(), Error> {
        let path = format!("/ext/v1/locations/{}", segment(name));
        self.done(system("remove the location", Method::DELETE, path)).await
    }

    /// Starts the validation of a location, saved or not; its checks appear in the job.
    ///
    /// # Errors
    /// As every call; see [`Error::outcome_unknown`].
    pub async fn start_validation(&self, location: &Location, permission: Permission) -> Result<Started, Error> {
        let call = system("validate the location", Method::POST, "/ext/v1/locations/validate");
        self.json(call.query("permission", permission.as_str()).body(location)).await
    }

    /// What the schedule of a location means.
    ///
    /// # Errors
    /// As every call.
    pub async fn preview_schedule(&self, location: &Location) -> Result<SchedulePreview, Error> {
        let call = system("preview the schedule", Method::POST, "/ext/v1/locations/preview");
        self.json(call.body(location).reading()).await
    }
}
