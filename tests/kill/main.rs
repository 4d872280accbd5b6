//! The real binary is killed with `kill -9` at random moments of creating, deleting, expiring, restoring and
//! recovering, on real stores; then it starts again, and everything that was committed must still be there, and nothing
//! half-made must be.
//!
//! `KILL_RUNS` says how often on each store (default 10), `KILL_DEED` what is done every time, `KILL_SEED` repeats a run. Every
//! store's counts are printed.

// `cfg(test)` tells the lints that helpers, too, are tests.
#[cfg(test)]
#[path = "../stores/embedded.rs"]
mod embedded;
#[cfg(test)]
mod ground;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod plane;
#[cfg(test)]
mod runs;
#[cfg(test)]
#[path = "../stores/s3_real.rs"]
mod s3_real;
#[cfg(test)]
#[path = "../stores/s3_server.rs"]
mod s3_server;
#[cfg(test)]
#[path = "../stores/servers/servers.rs"]
mod servers;
#[cfg(test)]
mod twin;

use runs::runs;
use servers::{Program, Protection};

async fn on_ftp(name: &'static str, program: Program, protection: Protection) {
    if let Some(ground) = ground::real_ftp(name, program, protection) {
        runs(ground).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_on_s3_in_process() {
    runs(ground::s3_in_process().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_on_ftps_in_process() {
    runs(ground::ftps_in_process().await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs garage"]
async fn nothing_is_lost_on_garage() {
    runs(ground::garage()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs versitygw"]
async fn nothing_is_lost_on_versitygw() {
    runs(ground::versitygw()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs vsftpd"]
async fn nothing_is_lost_on_vsftpd() {
    on_ftp("vsftpd", Program::Vsftpd, Protection::Plain).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs vsftpd"]
async fn nothing_is_lost_on_vsftpd_with_tls() {
    on_ftp("vsftpd with TLS", Program::Vsftpd, Protection::Required).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs proftpd"]
async fn nothing_is_lost_on_proftpd() {
    on_ftp("ProFTPD", Program::Proftpd, Protection::Plain).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs proftpd"]
async fn nothing_is_lost_on_proftpd_with_tls() {
    on_ftp("ProFTPD with TLS", Program::Proftpd, Protection::Required).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs pure-ftpd"]
async fn nothing_is_lost_on_pure_ftpd() {
    on_ftp("pure-ftpd", Program::PureFtpd, Protection::Plain).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs pure-ftpd"]
async fn nothing_is_lost_on_pure_ftpd_with_tls() {
    on_ftp("pure-ftpd with TLS", Program::PureFtpd, Protection::Required).await;
}
