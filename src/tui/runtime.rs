//! Where the console meets the terminal: keys in, frames out.

pub mod input;
pub mod key;
pub mod terminal;
