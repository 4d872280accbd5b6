//! Flows of the client, the jobs and the command line against real planes, and what they do when things go wrong.

#[path = "flows/interference.rs"]
mod interference;
#[path = "flows/outcomes.rs"]
mod outcomes;
#[path = "flows/proxy.rs"]
mod proxy;
#[path = "flows/restarts.rs"]
mod restarts;
#[path = "flows/sessions.rs"]
mod sessions;
#[path = "flows/stage.rs"]
mod stage;
#[path = "flows/troubles.rs"]
mod troubles;
