//! Every store keeps the same promises, over the servers that people really have.

mod embedded;
mod ftp;
#[path = "servers/servers.rs"]
mod servers;
