//! Every store keeps the same promises: one suite over memory, in-process servers and the real ones that are installed.

// `cfg(test)` tells the lints that helpers, too, are tests.
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod embedded;
#[cfg(test)]
mod ftp;
#[cfg(test)]
mod ftp_faults;
#[cfg(test)]
mod ftp_tls;
#[cfg(test)]
mod scripted;
#[cfg(test)]
#[path = "servers/servers.rs"]
mod servers;
