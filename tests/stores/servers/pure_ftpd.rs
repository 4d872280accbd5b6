//! pure-ftpd with a virtual user.

use std::path::Path;
use std::process::Command;

use super::{PASSWORD, Protection, USER, run, run_with, unpacked};

pub fn command(dir: &Path, port: u16, protection: Protection) -> Command {
    let home = dir.join("home");
    run(Command::new("chown").arg("65534:65534").arg(&home));
    let database = dir.join("users.pdb");
    let mut add = Command::new(unpacked("pure-ftpd/usr/bin/pure-pw"));
    add.args(["useradd", USER, "-m", "-u", "65534", "-g", "65534"]);
    add.arg("-f").arg(dir.join("users")).arg("-F").arg(&database).arg("-d").arg(&home);
    run_with(&mut add, &format!("{PASSWORD}\n{PASSWORD}\n"));
    let mut command = Command::new(unpacked("pure-ftpd/usr/sbin/pure-ftpd"));
    command.arg("-S").arg(format!("127.0.0.1,{port}")).arg("-l").arg(format!("puredb:{}", database.display()));
    command.args(["-A", "-E", "-H", "-u", "100", "-P", "127.0.0.1", "-C", "16", "-g"]).arg(dir.join("pid"));
    if protection == Protection::Required {
        let pair = format!("{},{}", dir.join("cert.pem").display(), dir.join("key.pem").display());
        command.args(["-Y", "2", "-2", &pair]);
    }
    command
}
