//! Every store keeps the same promises: one suite over memory, in-process servers and the real ones that are installed.

mod conformance;
mod embedded;
mod ftp;
mod s3;
mod s3_server;
#[path = "servers/servers.rs"]
mod servers;
