//! Every store keeps the same promises: one suite over memory, in-process servers and the real ones that are installed.
#![cfg(test)]

mod conformance;
mod embedded;
mod ftp;
mod ftp_faults;
mod ftp_tls;
mod garage;
mod memory;
mod probing;
mod s3;
mod s3_faults;
mod s3_real;
mod s3_scripted;
mod s3_server;
mod s3_tls;
mod scripted;
#[path = "servers/servers.rs"]
mod servers;
