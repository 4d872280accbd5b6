//! Every store keeps the same promises: one suite over memory, in-process servers and the real ones that are installed.

mod conformance;
mod memory;
mod probing;
mod s3;
mod s3_server;
// The FTP stores go here.
