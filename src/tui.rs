//! The full-screen console.
//!
//! A pure core in a thin shell. [`app::App`] takes messages and answers with effects; it draws itself into a buffer and
//! does nothing else. [`runtime`] owns the terminal and the clock, turns effects into tasks and their
//! results into messages. Screens and dialogs live in [`screens`], generic widgets in [`ui`].

pub mod app;
pub mod backups;
pub mod command;
pub mod jobs;
pub mod layer;
pub mod link;
pub mod model;
pub mod msg;
pub mod runtime;
pub mod screens;
pub mod ui;
