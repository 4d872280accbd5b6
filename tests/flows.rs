//! Flows of the client, the jobs and the command line against real planes, and what they do when things go wrong.

#[cfg(test)]
#[path = "flows/access.rs"]
mod access;
#[cfg(test)]
#[path = "flows/backups.rs"]
mod backups;
#[cfg(test)]
#[path = "flows/daemon.rs"]
mod daemon;
#[cfg(test)]
#[path = "stores/embedded.rs"]
mod embedded;
#[cfg(test)]
#[path = "flows/full_disk.rs"]
mod full_disk;
#[cfg(test)]
#[path = "flows/ground.rs"]
mod ground;
#[cfg(test)]
#[path = "flows/interference.rs"]
mod interference;
#[cfg(test)]
#[path = "flows/names.rs"]
mod names;
#[cfg(test)]
#[path = "flows/outcomes.rs"]
mod outcomes;
#[cfg(test)]
#[path = "flows/palette.rs"]
mod palette;
#[cfg(test)]
#[path = "flows/process.rs"]
mod process;
#[cfg(test)]
#[path = "flows/proxy.rs"]
mod proxy;
#[cfg(test)]
#[path = "flows/restarts.rs"]
mod restarts;
#[cfg(test)]
#[path = "stores/s3_real.rs"]
mod s3_real;
#[cfg(test)]
#[path = "stores/s3_server.rs"]
mod s3_server;
#[cfg(test)]
#[path = "stores/servers/servers.rs"]
mod servers;
#[cfg(test)]
#[path = "flows/sessions.rs"]
mod sessions;
#[cfg(test)]
#[path = "flows/shapes.rs"]
mod shapes;
#[cfg(test)]
#[path = "flows/site.rs"]
mod site;
#[cfg(test)]
#[path = "flows/stage.rs"]
mod stage;
#[cfg(test)]
#[path = "flows/troubles.rs"]
mod troubles;
#[cfg(test)]
#[path = "flows/whole_way.rs"]
mod whole_way;
