//! Both sides of the contract against what is written down of the API, by hand and not by our own types: what the
//! client sends, as a recording server sees it, and what the embedded plane answers.

#[path = "contract/answers.rs"]
mod answers;
#[path = "contract/recorder.rs"]
mod recorder;
#[path = "contract/requests.rs"]
mod requests;
