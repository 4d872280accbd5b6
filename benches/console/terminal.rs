//! The console on a pseudo-terminal, with the time at which each piece of its output came.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// The size that everything is measured at.
const COLUMNS: u16 = 120;
const ROWS: u16 = 40;
/// What ends a frame: the end of a synchronized update.
const FRAME_END: &[u8] = b"\x1b[?2026l";
/// Longest that anything is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

type Failure = Box<dyn std::error::Error>;

/// A running console.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    started: Instant,
    keys: Box<dyn Write + Send>,
    shared: Arc<Shared>,
    _master: Box<dyn MasterPty + Send>,
}

#[derive(Default)]
struct Shared {
    output: Mutex<Output>,
    changed: Condvar,
}

#[derive(Default)]
struct Output {
    bytes: Vec<u8>,
    /// When the output had become this long.
    pieces: Vec<(Instant, usize)>,
    ended: bool,
}

/// A stretch of output.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// How much.
    pub bytes: usize,
    /// When its last frame was complete, from the moment it was asked for.
    pub after: Duration,
}

impl Terminal {
    /// Starts the console; the time runs from here.
    pub fn start(home: &Path, args: &[&str]) -> Result<Self, Failure> {
        let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size)?;
        let mut command = CommandBuilder::new(crate::binary());
        command.args(args);
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env("HOME", home);
        let shared = Arc::<Shared>::default();
        let (mut source, sink) = (pair.master.try_clone_reader()?, shared.clone());
        let keys = pair.master.take_writer()?;
        let started = Instant::now();
        let child = pair.slave.spawn_command(command)?;
        thread::spawn(move || read(&mut source, &sink));
        Ok(Self { child, started, keys, shared, _master: pair.master })
    }

    /// Types something as it is.
    pub fn send(&mut self, keys: &str) -> io::Result<Instant> {
        let sent = Instant::now();
        self.keys.write_all(keys.as_bytes())?;
        self.keys.flush()?;
        Ok(sent)
    }

    /// Waits for the end of the first frame after which a text is on the screen.
    pub fn until_shown(&self, text: &str) -> Result<Stretch, Failure> {
        self.until_shown_since(self.started, 0, text)
    }

    /// The same, counted from a moment and from a length of the output.
    pub fn until_shown_since(&self, moment: Instant, length: usize, text: &str) -> Result<Stretch, Failure> {
        let mut screen = Screen::default();
        self.wait(text, |output| {
            screen.take_in(output);
            screen.contents().contains(text).then(|| stretch(output, moment, length)).flatten()
        })
    }

    /// Waits until a text is not on the screen any more, and says when that was.
    pub fn until_gone(&self, text: &str) -> Result<Instant, Failure> {
        let mut screen = Screen::default();
        self.wait(&format!("end of {text}"), |output| {
            screen.take_in(output);
            let (at, _) = output.pieces.last()?;
            (!screen.contents().contains(text)).then_some(*at)
        })
    }

    /// Waits for the end of the first frame.
    pub fn first_frame(&self) -> Result<Stretch, Failure> {
        self.next_frame(self.started, 0)
    }

    /// Waits for the end of the first frame after a length of the output.
    pub fn next_frame(&self, moment: Instant, length: usize) -> Result<Stretch, Failure> {
        self.wait("a frame", |output| {
            let rest = output.bytes.get(length..)?;
            let end = length + rest.windows(FRAME_END.len()).position(|window| window == FRAME_END)? + FRAME_END.len();
            let (at, _) = output.pieces.iter().find(|(_, reached)| *reached >= end)?;
            Some(Stretch { bytes: end - length, after: at.saturating_duration_since(moment) })
        })
    }

    /// How much was written so far.
    pub fn written(&self) -> usize {
        self.shared.lock().bytes.len()
    }

    /// Waits until nothing was written for some time.
    pub fn settle(&self, silence: Duration) {
        let mut output = self.shared.lock();
        loop {
            let length = output.bytes.len();
            let waited = self.shared.changed.wait_timeout_while(output, silence, |output| output.bytes.len() == length);
            let (next, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            if timeout.timed_out() || next.ended {
                return;
            }
            output = next;
        }
    }

    /// Lets time pass and says how many bytes came in how many frames.
    pub fn watch(&self, time: Duration) -> (usize, usize) {
        let start = self.written();
        thread::sleep(time);
        let output = self.shared.lock();
        let rest = output.bytes.get(start..).unwrap_or_default();
        let frames = rest.windows(FRAME_END.len()).filter(|window| *window == FRAME_END).count();
        (rest.len(), frames)
    }

    /// Resident memory of the process in KiB.
    pub fn resident(&self) -> Result<usize, Failure> {
        let id = self.child.process_id().ok_or("the console runs")?;
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("VmRSS is there")?;
        Ok(line.trim_end_matches("kB").trim().parse()?)
    }

    /// Leaves the console and waits for its end.
    pub fn leave(mut self) -> Result<(), Failure> {
        self.send("\x03")?;
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(format!("the console ended with {status}").into()) }
    }

    fn wait<T>(&self, what: &str, mut found: impl FnMut(&Output) -> Option<T>) -> Result<T, Failure> {
        let end = Instant::now() + PATIENCE;
        let mut output = self.shared.lock();
        loop {
            if let Some(found) = found(&output) {
                return Ok(found);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || output.ended {
                let mut screen = Screen::default();
                screen.take_in(&output);
                return Err(format!("no {what}; the screen is:\n{}", screen.contents()).into());
            }
            output = self.shared.changed.wait_timeout(output, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Output> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the output up to now looks like.
struct Screen {
    parser: vt100::Parser,
    taken: usize,
}

impl Default for Screen {
    fn default() -> Self {
        let cells = |count| NonZeroU16::new(count).unwrap_or(NonZeroU16::MIN);
        Self { parser: vt100::Parser::new(cells(ROWS), cells(COLUMNS), 0), taken: 0 }
    }
}

impl Screen {
    fn take_in(&mut self, output: &Output) {
        self.parser.process(output.bytes.get(self.taken..).unwrap_or_default());
        self.taken = output.bytes.len();
    }

    fn contents(&self) -> String {
        self.parser.screen().contents()
    }
}

/// Everything since `length`, up to the newest piece.
fn stretch(output: &Output, moment: Instant, length: usize) -> Option<Stretch> {
    let (at, reached) = output.pieces.last()?;
    Some(Stretch { bytes: reached.saturating_sub(length), after: at.saturating_duration_since(moment) })
}

/// Collects output until the console closes its terminal.
fn read(source: &mut dyn Read, sink: &Shared) {
    let mut buffer = [0; 65536];
    loop {
        // On Linux the end is an error: the other side of the terminal is gone.
        let count = source.read(&mut buffer).unwrap_or(0);
        let at = Instant::now();
        let mut output = sink.lock();
        output.bytes.extend_from_slice(buffer.get(..count).unwrap_or_default());
        let reached = output.bytes.len();
        output.pieces.push((at, reached));
        output.ended = count == 0;
        sink.changed.notify_all();
        if count == 0 {
            return;
        }
    }
}
