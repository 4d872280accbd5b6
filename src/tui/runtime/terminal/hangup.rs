//! Ends the process when its terminal disappears without a signal, as happens under sudo and some multiplexers.
//! crossterm would spin at full load then.

use std::io;
use std::process::exit;
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

/// The exit code of a process that a hang-up ended: 128 and the number of the signal.
const HUNG_UP: i32 = 129;

/// Starts the watch. It sleeps in the kernel until the terminal is gone and costs nothing meanwhile. Then it ends the
/// process at once: there is nobody left to write to, and unwinding would try to.
///
/// # Errors
/// Where no thread can be started.
pub fn watch_for_hangup() -> io::Result<()> {
    thread::Builder::new().name("hangup-watch".to_owned()).spawn(|| {
        wait_for_hangup();
        exit(HUNG_UP)
    })?;
    Ok(())
}

/// Asks for no event, so that only a hang-up or an error ends the wait.
fn wait_for_hangup() {
    let stdin = io::stdin();
    loop {
        let mut watched = [PollFd::new(&stdin, PollFlags::empty())];
        match poll(&mut watched, None) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) | Err(_) => return,
        }
    }
}
