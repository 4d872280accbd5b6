//! The embedded plane as its clients see it: real HTTP over its socket or loopback, a real database, a clock
//! that moves only when told.

// `cfg(test)` tells the lints that helpers, too, are tests.
#[cfg(test)]
mod backups;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod doors;
#[cfg(test)]
mod gateways;
#[cfg(test)]
mod keepers;
#[cfg(test)]
mod migration;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod storage;
#[cfg(test)]
mod trail;
