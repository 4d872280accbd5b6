//! vsftpd: runs as root and knows system users alone.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use super::{PASSWORD, Protection, USER, run, run_with, unpacked};

pub fn command(dir: &Path, port: u16, protection: Protection) -> Command {
    ensure_user();
    let home = dir.join("home");
    run(Command::new("chown").arg(USER).arg(&home));
    std::fs::create_dir(dir.join("empty")).unwrap();
    let at = dir.display();
    let mut conf = format!(
        "listen=YES\nlisten_address=127.0.0.1\nlisten_port={port}\nbackground=NO\nanonymous_enable=NO\n\
         local_enable=YES\nwrite_enable=YES\nlocal_umask=022\nchroot_local_user=YES\nallow_writeable_chroot=YES\n\
         seccomp_sandbox=NO\npam_service_name=other\ncheck_shell=NO\nsecure_chroot_dir={at}/empty\n\
         local_root={at}/home\npasv_address=127.0.0.1\nxferlog_enable=NO\n"
    );
    if protection == Protection::Required {
        conf += &format!(
            "ssl_enable=YES\nrsa_cert_file={at}/cert.pem\nrsa_private_key_file={at}/key.pem\nssl_ciphers=HIGH\n\
             force_local_logins_ssl=YES\nforce_local_data_ssl=YES\nrequire_ssl_reuse=YES\n"
        );
    }
    let path = dir.join("vsftpd.conf");
    std::fs::write(&path, conf).unwrap();
    let mut command = Command::new(unpacked("vsftpd/usr/sbin/vsftpd"));
    command.arg(path);
    command
}

/// Makes the user once, however many tests begin at the same time. Its home has to exist: vsftpd enters it before
/// `local_root`.
fn ensure_user() {
    let lock = File::create(std::env::temp_dir().join("palette-ftp-test.lock")).unwrap();
    lock.lock().unwrap();
    let known = Command::new("id").arg(USER).output().is_ok_and(|output| output.status.success());
    if !known {
        run(Command::new("useradd").args(["-M", "-d", "/", "-s", "/usr/sbin/nologin", USER]));
    }
    run_with(&mut Command::new("chpasswd"), &format!("{USER}:{PASSWORD}\n"));
}
