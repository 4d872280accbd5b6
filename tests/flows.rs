//! Flows of the client, the jobs and the command line against real planes, and what they do when things go wrong.

#[path = "flows/access.rs"]
mod access;
#[path = "flows/daemon.rs"]
mod daemon;
#[path = "flows/interference.rs"]
mod interference;
#[path = "flows/names.rs"]
mod names;
#[path = "flows/outcomes.rs"]
mod outcomes;
#[path = "flows/palette.rs"]
mod palette;
#[path = "flows/process.rs"]
mod process;
#[path = "flows/proxy.rs"]
mod proxy;
#[path = "flows/restarts.rs"]
mod restarts;
#[path = "flows/sessions.rs"]
mod sessions;
#[path = "flows/shapes.rs"]
mod shapes;
#[path = "flows/stage.rs"]
mod stage;
#[path = "flows/troubles.rs"]
mod troubles;
