//! Every store keeps the same promises, over the servers that people really have.

mod conformance;
mod embedded;
mod ftp;
mod ftp_faults;
mod ftp_tls;
mod scripted;
#[path = "servers/servers.rs"]
mod servers;
