//! Both sides of the contract against what is written down of the API, by hand and not by our own types: what the
//! client sends, as a recording server sees it, and what the embedded plane answers.

#[cfg(test)]
#[path = "contract/answers.rs"]
mod answers;
#[cfg(test)]
#[path = "contract/backup_jobs.rs"]
mod backup_jobs;
#[cfg(test)]
#[path = "contract/backups.rs"]
mod backups;
#[cfg(test)]
#[path = "contract/recorder.rs"]
mod recorder;
#[cfg(test)]
#[path = "contract/requests.rs"]
mod requests;
