//! Where the console meets the terminal: keys in, frames out.

pub mod key;
