//! Workload clusters.

use reqwest::Method;

use crate::api::PAGE_LIMIT;
use crate::api::cluster::{Cluster, ClusterPage, search_all};

use super::overlords::segment;
use super::{Call, Client, Error};

impl Client {
    /// A page of all clusters in sight, at most 50, from `offset` on.
    ///
    /// # Errors
    /// As every call.
    pub async fn cluster_page(&self, offset: u64) -> Result<ClusterPage, Error> {
        let call = Call::new("read the clusters", Method::POST, "/v1/dashboard/spectroclusters/search")
            .query("limit", PAGE_LIMIT.to_string())
            .query("offset", offset.to_string());
        self.json(call.body(&search_all()).reading()).await
    }

    /// One cluster. `project` is what the search told of it; without one the call is made at tenant scope.
    ///
    /// # Errors
    /// As every call; [`Error::not_found`] where it is gone.
    pub async fn cluster(&self, uid: &str, project: Option<&str>) -> Result<Cluster, Error> {
        let mut call = Call::get("read the cluster", format!("/v1/spectroclusters/{}", segment(uid)));
        call.project = project.map(str::to_owned);
        self.json(call).await
    }
}
