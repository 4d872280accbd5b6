//! Where the screens and the command line meet: one state machine for each job of several steps. Each emits
//! its progress as data; neither face knows how a migration is proved or what a deletion leaves behind.

pub mod audits;
pub mod backup;
pub mod delete;
pub mod job;
pub mod key;
pub mod location;
pub mod migrate;
pub mod pcgs;
pub mod policy;
pub mod rename;
pub mod restore;

pub use migrate::{Check, Verdict};
pub use pcgs::{ClusterRef, Inventory, Pcg};
