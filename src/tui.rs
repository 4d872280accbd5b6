//! The full-screen console.

pub mod runtime;
pub mod ui;
