//! Every store keeps the same promises: one suite over memory, in-process servers and the real ones that are installed.

// `cfg(test)` tells the lints that helpers, too, are tests.
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod embedded;
#[cfg(test)]
mod engine;
#[cfg(test)]
mod ftp;
#[cfg(test)]
mod ftp_faults;
#[cfg(test)]
mod ftp_tls;
#[cfg(test)]
mod garage;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod probing;
#[cfg(test)]
mod s3;
#[cfg(test)]
mod s3_faults;
#[cfg(test)]
mod s3_headers;
#[cfg(test)]
mod s3_real;
#[cfg(test)]
mod s3_scripted;
#[cfg(test)]
mod s3_server;
#[cfg(test)]
mod s3_tls;
#[cfg(test)]
mod scripted;
#[cfg(test)]
#[path = "servers/servers.rs"]
mod servers;
