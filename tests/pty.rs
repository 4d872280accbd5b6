//! Programs on a pseudo-terminal, as a person meets them.

#[cfg(test)]
#[path = "pty/access.rs"]
mod access;
#[cfg(test)]
#[path = "pty/backup_faults.rs"]
mod backup_faults;
#[cfg(test)]
#[path = "pty/backups.rs"]
mod backups;
#[cfg(test)]
#[path = "pty/desk.rs"]
mod desk;
#[cfg(test)]
#[path = "pty/faults.rs"]
mod faults;
#[cfg(test)]
#[path = "pty/flows.rs"]
mod flows;
#[cfg(test)]
#[path = "pty/harness.rs"]
mod harness;
#[cfg(test)]
#[path = "pty/harness_test.rs"]
mod harness_test;
#[cfg(test)]
#[path = "pty/proxy.rs"]
mod proxy;
#[cfg(test)]
#[path = "pty/recovery.rs"]
mod recovery;
#[cfg(test)]
#[path = "pty/sharing.rs"]
mod sharing;
#[cfg(test)]
#[path = "pty/surroundings.rs"]
mod surroundings;
#[cfg(test)]
#[path = "pty/terminal.rs"]
mod terminal;
