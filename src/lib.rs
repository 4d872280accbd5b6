//! palette-console: the Day-2 work of a self-hosted Palette's enterprise cluster, in a terminal.
//!
//! A map of the house. A room may import only from rooms to its right:
//!
//! ```text
//! cli, tui  →  ops  →  client  →  api
//! plane → backup → storage;  plane  →  api
//! leaves that anyone may import: text, trust, secret, clock, schedule
//! ```
//!
//! | room | what lives there |
//! |---|---|
//! | [`api`] | the contract: wire types of the Palette API, nothing else |
//! | [`client`] | one method per operation of the API; sessions, retries, rate limit, errors in words |
//! | [`ops`] | jobs of several steps (migrate, delete) as state machines that both faces use |
//! | [`config`] | flags, environment and files, merged once |
//! | [`tui`] | the full-screen console: a pure core, screens, widgets, and the loop that drives them |
//! | [`cli`] | the command line: one file per noun |
//! | [`console`] | starts the full-screen console and keeps its plane |
//! | [`plane`] | the embedded management plane: the server side of the same contract, on SQLite |
//! | [`backup`] | the engine: create, list, verify, fetch, delete, retention, recovery keys |
//! | [`storage`] | where the bytes of backups go: S3, FTP, memory; trying a location |
//! | [`logs`] | the log file |
//! | [`text`] | sanitizing and formatting what people read |
//! | [`trust`] | which certificates are believed |
//! | [`secret`] | files that hold secrets |
//! | [`clock`] | what time it is |
//! | [`schedule`] | every so many days at an hour: when, how many, how long |

pub mod api;
pub mod backup;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod console;
pub mod logs;
pub mod ops;
pub mod plane;
pub mod schedule;
pub mod secret;
pub mod storage;
pub mod text;
pub mod trust;
pub mod tui;
