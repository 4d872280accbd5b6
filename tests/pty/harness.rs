//! A program on a pseudo-terminal: what it shows, keys for it, its end.
//!
//! Nothing here sleeps: whatever is waited for is waited on with a deadline, and a miss panics with the screen. The
//! deadline is generous and can be changed by `PTY_SECONDS`.

use std::env;
use std::fs::{self, File};
use std::io::{self, PipeWriter, Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use palette_console::tui::runtime::key::Key;
use portable_pty::{Child, CommandBuilder, ExitStatus, PtySize, native_pty_system};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, Signal, getpid, kill_process, pidfd_getfd, pidfd_open};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};

/// The program and its terminal.
pub struct Console {
    child: Box<dyn Child + Send + Sync>,
    pid: Pid,
    master: Option<File>,
    shared: Arc<Shared>,
    reader: Option<JoinHandle<()>>,
    /// Closing it ends the reader.
    wake: Option<PipeWriter>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    terminal: vt100::Parser,
    bytes: Vec<u8>,
    ended: bool,
}

impl Console {
    /// Starts the console itself.
    pub fn spawn(args: &[&str], environment: &[(&str, &str)], columns: u16, rows: u16) -> Self {
        Self::spawn_program(Path::new(env!("CARGO_BIN_EXE_palette-console")), args, environment, columns, rows)
    }

    /// Starts any program. Of this process' environment it sees `PATH` only.
    pub fn spawn_program(program: &Path, args: &[&str], environment: &[(&str, &str)], columns: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env_clear();
        for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8")].iter().chain(environment) {
            command.env(name, value);
        }
        command.env("PATH", env::var_os("PATH").unwrap_or_default());
        let child = pair.slave.spawn_command(command).expect("the program starts");
        let pid = child.process_id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("a process id");
        // Our own descriptor of the master. That of portable-pty types a newline and Ctrl-D when it is dropped.
        let this = pidfd_open(getpid(), PidfdFlags::empty()).expect("a pidfd");
        let raw = pair.master.as_raw_fd().expect("the master's descriptor");
        let master = File::from(pidfd_getfd(this, raw, PidfdGetfdFlags::empty()).expect("the master"));
        let shared = Arc::new(Shared::new(columns, rows));
        let (woken, wake) = io::pipe().expect("a pipe");
        let (source, sink) = (master.try_clone().expect("the master again"), shared.clone());
        let reader = thread::spawn(move || read(source, &woken, &sink));
        Self { child, pid, master: Some(master), shared, reader: Some(reader), wake: Some(wake) }
    }

    /// Waits until the screen contains a text.
    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        self.wait_until(&format!("`{text}` on the screen"), |state| contents(state).contains(text));
    }

    /// Waits until the screen does not contain a text any more.
    #[track_caller]
    pub fn wait_gone(&self, text: &str) {
        self.wait_until(&format!("`{text}` gone from the screen"), |state| !contents(state).contains(text));
    }

    /// Waits until the terminal is in some state.
    #[track_caller]
    pub fn wait_terminal(&self, what: &str, holds: impl Fn(&vt100::Screen) -> bool) {
        self.wait_until(what, |state| holds(state.terminal.screen()));
    }

    /// Waits until what was written ends with the end of a frame.
    #[track_caller]
    pub fn wait_frame_end(&self) {
        self.wait_until("end of a frame", |state| state.bytes.ends_with(b"\x1b[?2026l"));
    }

    /// Types bytes as they are.
    pub fn send(&mut self, text: &str) {
        let master = self.master.as_mut().expect("the master is open");
        master.write_all(text.as_bytes()).expect("the program's terminal takes input");
    }

    /// Presses a key by its name: `enter`, `ctrl-l`, `page-down`. After `esc`, wait for what it does before the next
    /// key: a terminal cannot tell Esc and a letter from Alt and that letter.
    #[track_caller]
    pub fn key(&mut self, name: &str) {
        let bytes = encode(name.parse().expect("the name of a key"));
        self.send(&bytes);
    }

    /// Changes the size of the terminal.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.lock().terminal.screen_mut().set_size(cells(rows), cells(columns));
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(self.master.as_ref().expect("the master is open"), size).expect("the terminal has a size");
    }

    /// The screen as text, line by line, without trailing spaces.
    pub fn screen(&self) -> String {
        contents(&self.lock())
    }

    /// The cell at a column and a row, both from zero.
    #[track_caller]
    pub fn cell(&self, column: u16, row: u16) -> vt100::Cell {
        self.lock().terminal.screen().cell(row, column).expect("a cell of the screen").clone()
    }

    /// Where the cursor is, as column and row; none while it is hidden.
    pub fn cursor(&self) -> Option<(u16, u16)> {
        let state = self.lock();
        let screen = state.terminal.screen();
        let (row, column) = screen.cursor_position();
        (!screen.hide_cursor()).then_some((column, row))
    }

    /// How many bytes the program has written so far.
    pub fn bytes(&self) -> usize {
        self.lock().bytes.len()
    }

    /// What the program has written since it had written `start` bytes.
    pub fn written_since(&self, start: usize) -> Vec<u8> {
        self.lock().bytes[start..].to_vec()
    }

    /// How many bytes are written while `time` passes. Silence can only be proved by waiting: this is the one place
    /// that does, and only tests of idle behaviour may use it.
    pub fn bytes_written_during(&self, time: Duration) -> usize {
        let start = self.bytes();
        let end = Instant::now() + time;
        let mut state = self.lock();
        while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.bytes.len() - start
    }

    /// The modes of the terminal's line: whether it is raw.
    pub fn line_modes(&self) -> Termios {
        tcgetattr(self.master.as_ref().expect("the master is open")).expect("the modes of the terminal")
    }

    /// Takes the terminal away from the program, as a broken connection does.
    pub fn close_master(&mut self) {
        self.wake = None;
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader ends");
        }
        self.master = None;
    }

    /// Sends a signal to the program.
    pub fn kill(&self, signal: Signal) {
        kill_process(self.pid, signal).expect("the program takes signals");
    }

    /// The process id of the program.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Processor time that the program has used, in clock ticks (a hundredth of a second on Linux).
    pub fn cpu_ticks(&self) -> u64 {
        let fields = self.stat();
        [11, 12].iter().map(|place| fields[*place].parse::<u64>().expect("ticks")).sum()
    }

    /// Waits until the kernel says that the program is in a state: `S` sleeping, `T` stopped.
    #[track_caller]
    pub fn wait_process_state(&self, wanted: char) {
        let end = deadline();
        while !self.stat()[0].starts_with(wanted) {
            assert!(Instant::now() < end, "the program is {} and not {wanted}", self.stat()[0]);
            thread::yield_now();
        }
    }

    /// Waits for the end of the program and for the last of its output.
    #[track_caller]
    pub fn wait_exit(&mut self) -> ExitStatus {
        let left = Timespec::try_from(time_limit()).expect("a time limit");
        let pidfd = pidfd_open(self.pid, PidfdFlags::empty()).expect("the program can be watched");
        let ended = poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&left)).expect("the program can be watched");
        assert!(ended > 0, "the program still runs; its screen:\n{}", self.screen());
        let status = self.child.wait().expect("the program's status");
        if self.master.is_some() {
            self.wait_until("the end of the output", |state| state.ended);
        }
        status
    }

    #[track_caller]
    fn wait_until(&self, what: &str, holds: impl Fn(&State) -> bool) {
        let end = deadline();
        let mut state = self.lock();
        while !holds(&state) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {what}; the screen is:\n{}", contents(&state));
            assert!(
                !state.ended,
                "no {what} and the program has closed its terminal; the screen is:\n{}",
                contents(&state)
            );
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock()
    }

    /// The fields of `/proc/PID/stat` from the third one, the state, on.
    fn stat(&self) -> Vec<String> {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.pid)).expect("the program is there");
        let (_, fields) = text.rsplit_once(") ").expect("fields");
        fields.split(' ').map(str::to_owned).collect()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = kill_process(self.pid, Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

impl Shared {
    fn new(columns: u16, rows: u16) -> Self {
        let terminal = vt100::Parser::new(cells(rows), cells(columns), 0);
        Self { state: Mutex::new(State { terminal, bytes: Vec::new(), ended: false }), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Feeds the screen until the program closes its terminal or the reader is woken to end.
fn read(mut source: File, woken: &impl std::os::fd::AsFd, sink: &Shared) {
    let mut buffer = [0; 65536];
    loop {
        let mut ready = [PollFd::new(&source, PollFlags::IN), PollFd::new(woken, PollFlags::IN)];
        if poll(&mut ready, None).is_err() || !ready[1].revents().is_empty() {
            return;
        }
        // On Linux the end is an error: the other side of the terminal is gone.
        let read = source.read(&mut buffer).unwrap_or(0);
        let mut state = sink.lock();
        state.bytes.extend_from_slice(&buffer[..read]);
        state.terminal.process(&buffer[..read]);
        state.ended = read == 0;
        sink.changed.notify_all();
        if read == 0 {
            return;
        }
    }
}

fn contents(state: &State) -> String {
    let screen = state.terminal.screen();
    let (_, columns) = screen.size();
    let lines: Vec<String> = screen.rows(0, columns.get()).map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n").trim_end().to_owned()
}

fn cells(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).expect("a terminal has columns and rows")
}

/// Longest that anything may be waited for.
pub fn time_limit() -> Duration {
    Duration::from_secs(env::var("PTY_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20))
}

fn deadline() -> Instant {
    Instant::now() + time_limit()
}

/// The bytes that xterm sends for a key.
fn encode(key: Key) -> String {
    let name = key.to_string();
    let (alt, name) = name.strip_prefix("alt-").map_or(("", name.as_str()), |rest| ("\u{1b}", rest));
    let bytes = match name {
        "enter" => "\r",
        "esc" => "\u{1b}",
        "tab" => "\t",
        "shift-tab" => "\u{1b}[Z",
        "space" => " ",
        "backspace" => "\u{7f}",
        "delete" => "\u{1b}[3~",
        "insert" => "\u{1b}[2~",
        "up" => "\u{1b}[A",
        "down" => "\u{1b}[B",
        "right" => "\u{1b}[C",
        "left" => "\u{1b}[D",
        "home" => "\u{1b}[H",
        "end" => "\u{1b}[F",
        "page-up" => "\u{1b}[5~",
        "page-down" => "\u{1b}[6~",
        "f1" => "\u{1b}OP",
        "f2" => "\u{1b}OQ",
        "f3" => "\u{1b}OR",
        "f4" => "\u{1b}OS",
        "f5" => "\u{1b}[15~",
        _ => return format!("{alt}{}", letter(name)),
    };
    format!("{alt}{bytes}")
}

fn letter(name: &str) -> String {
    match name.strip_prefix("ctrl-").map(str::as_bytes) {
        Some([letter @ b'a'..=b'z']) => char::from(letter - b'a' + 1).to_string(),
        Some(_) => panic!("{name} has no byte on a terminal"),
        None if name.chars().count() == 1 => name.to_owned(),
        None => panic!("the harness does not know how a terminal sends {name}"),
    }
}
