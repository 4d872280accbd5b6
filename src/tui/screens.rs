//! The screens and their dialogs.

pub mod audits;
pub mod backup;
pub mod errors;
pub mod gateways;
pub mod help;
pub mod leave;
pub mod login;
pub mod reading;
pub mod trouble;
