//! Programs on a pseudo-terminal, as a person meets them.

#[cfg(test)]
#[path = "pty/harness.rs"]
mod harness;
#[cfg(test)]
#[path = "pty/harness_test.rs"]
mod harness_test;
#[cfg(test)]
#[path = "pty/terminal.rs"]
mod terminal;
