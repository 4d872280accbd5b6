//! ProFTPD with a password file of its own.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use super::{Protection, USER, is_root, run, unpacked};

/// crypt(3) of the password, SHA-512.
const HASH: &str = "$6$palette$Deew7TdvouG1XXe2iHb14wQDK.tzSWFtaESAyyOHwe4tVqe9Z4lIx2XgwD7wNF/RyVYPdQJ5rNJfsHkS8j4CF0";

pub fn command(dir: &Path, port: u16, protection: Protection) -> Command {
    let home = dir.join("home");
    let (uid, gid) = if is_root() {
        run(Command::new("chown").arg("65534:65534").arg(&home));
        (65534, 65534)
    } else {
        let of = std::fs::metadata(&home).unwrap();
        (of.uid(), of.gid())
    };
    let users = dir.join("users");
    std::fs::write(&users, format!("{USER}:{HASH}:{uid}:{gid}::{}:/bin/false\n", home.display())).unwrap();
    std::fs::set_permissions(&users, std::fs::Permissions::from_mode(0o600)).unwrap();
    let path = dir.join("proftpd.conf");
    std::fs::write(&path, configuration(dir, port, protection)).unwrap();
    let mut command = Command::new(unpacked("proftpd-core/usr/sbin/proftpd"));
    command.args(["-n", "-q", "-c"]).arg(path);
    command
}

fn configuration(dir: &Path, port: u16, protection: Protection) -> String {
    let at = dir.display();
    let modules = dir.join("modules");
    std::fs::create_dir(&modules).unwrap();
    for package in ["proftpd-core", "proftpd-mod-crypto"] {
        for module in std::fs::read_dir(unpacked(&format!("{package}/usr/lib/proftpd"))).unwrap() {
            let module = module.unwrap();
            std::os::unix::fs::symlink(module.path(), modules.join(module.file_name())).unwrap();
        }
    }
    let mut conf = format!(
        "ModulePath {at}/modules\nLoadModule mod_tls.c\nServerName tests\nServerType standalone\n\
         DefaultAddress 127.0.0.1\nSocketBindTight on\nPort {port}\nUseIPv6 off\nUseReverseDNS off\nWtmpLog off\n\
         PidFile {at}/pid\nScoreboardFile {at}/scoreboard\nDelayEngine off\nSystemLog {at}/server.log\n\
         TransferLog none\nAuthUserFile {at}/users\nAuthOrder mod_auth_file.c\nRequireValidShell off\n\
         AllowOverwrite on\n"
    );
    if is_root() {
        conf += "User nobody\nGroup nogroup\nDefaultRoot ~\n";
    } else {
        conf += "DefaultChdir ~\n";
    }
    if protection == Protection::Required {
        // Sessions have to be resumed, as its default is.
        conf += &format!(
            "TLSEngine on\nTLSProtocol TLSv1.2 TLSv1.3\nTLSECCertificateFile {at}/cert.pem\n\
             TLSECCertificateKeyFile {at}/key.pem\nTLSVerifyClient off\nTLSRequired on\n"
        );
    }
    conf
}
