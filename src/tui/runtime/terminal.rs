//! The terminal, from entering it to giving it back as it was found.
//!
//! It is never asked anything: answers may take seconds over a slow line, or never come.

mod backend;
mod clipboard;
mod fitness;
mod hangup;

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ThreadId};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::{Print, force_color_output};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{Command, queue};
use ratatui::layout::Size;
use ratatui::{Frame, Terminal};
use rustix::process::{Signal, kill_current_process_group};

pub use clipboard::{Copied, Multiplexer};
pub use fitness::{Unfit, refuse_unfit};
pub use hangup::watch_for_hangup;

use self::backend::FrameBackend;
use crate::text::{clean, elide};

/// Whether the terminal is ours at the moment. One process has one terminal, and the panic hook must know.
static ENTERED: AtomicBool = AtomicBool::new(false);
/// The thread that draws.
static OWNER: Mutex<Option<ThreadId>> = Mutex::new(None);

/// Saves the window's title on the terminal's stack, and takes it back from there.
const SAVE_TITLE: &str = "\u{1b}[22;0t";
const RESTORE_TITLE: &str = "\u{1b}[23;0t";
/// The longest title that is sent.
const TITLE: usize = 120;

/// The terminal in full-screen use. Dropping it gives it back.
pub struct Tty {
    terminal: Terminal<FrameBackend>,
    multiplexer: Multiplexer,
    title: String,
}

impl Tty {
    /// Enters the terminal: raw mode, alternate screen, bracketed paste, no cursor.
    ///
    /// # Errors
    /// Where standard output is not a terminal or cannot be written.
    pub fn open() -> io::Result<Self> {
        // crossterm turns a colour into a bare reset under NO_COLOR, which takes reverse and bold away too. Our
        // theme has no colours then, so there is nothing for crossterm to take away.
        force_color_output(true);
        enter()?;
        let terminal = Terminal::new(FrameBackend::default()).inspect_err(|_| leave())?;
        Ok(Self { terminal, multiplexer: Multiplexer::detect(), title: String::new() })
    }

    /// Draws a frame, in one write and as one synchronized update. Nothing is written where nothing changed.
    ///
    /// # Errors
    /// Where the terminal cannot be written, most likely because it is gone.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(view)?;
        let frame = self.terminal.backend_mut().take();
        if frame.is_empty() {
            return Ok(());
        }
        let mut out = ansi(BeginSynchronizedUpdate).into_bytes();
        out.extend(frame);
        out.extend(ansi(EndSynchronizedUpdate).into_bytes());
        send(&out)
    }

    /// Makes the next frame a whole one, on a cleared screen. For Ctrl-L, when something else wrote to the terminal.
    ///
    /// # Errors
    /// Where the size of the terminal cannot be read.
    pub fn redraw(&mut self) -> io::Result<()> {
        self.terminal.clear()
    }

    /// The columns and rows of the screen.
    ///
    /// # Errors
    /// Where the size of the terminal cannot be read.
    pub fn size(&self) -> io::Result<Size> {
        self.terminal.size()
    }

    /// Sets the title of the window, where it is another one than before.
    ///
    /// # Errors
    /// Where the terminal cannot be written.
    pub fn set_title(&mut self, title: &str) -> io::Result<()> {
        let title = elide(&clean(title), TITLE).into_owned();
        if title == self.title {
            return Ok(());
        }
        send(format!("\u{1b}]2;{title}\u{7}").as_bytes())?;
        self.title = title;
        Ok(())
    }

    /// Puts a text into the clipboard of the machine at which the user sits, through OSC 52.
    ///
    /// # Errors
    /// Where the terminal cannot be written.
    pub fn copy(&mut self, text: &str) -> io::Result<Copied> {
        match clipboard::sequence(text, self.multiplexer) {
            Ok(sequence) => send(&sequence).map(|()| Copied::Sent(self.multiplexer)),
            Err(too_long) => Ok(too_long),
        }
    }

    /// Gives the terminal back and stops this process and its group, as Ctrl-Z does. Call [`Self::resume`] when
    /// SIGCONT has arrived, not when this returns: the kernel may let a thread that is not the main one run on for a
    /// moment after it told the process to stop.
    ///
    /// # Errors
    /// Where the process may not stop itself.
    pub fn suspend(&mut self) -> io::Result<()> {
        leave();
        Ok(kill_current_process_group(Signal::STOP)?)
    }

    /// Enters the terminal again after it was left; the next frame is a whole one.
    ///
    /// # Errors
    /// Where the terminal cannot be written.
    pub fn resume(&mut self) -> io::Result<()> {
        enter()?;
        let title = std::mem::take(&mut self.title);
        self.terminal.backend_mut().forget();
        self.terminal.clear()?;
        if title.is_empty() { Ok(()) } else { self.set_title(&title) }
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        leave();
    }
}

/// Enters the terminal; does nothing where it is entered already.
fn enter() -> io::Result<()> {
    if !io::stdout().is_terminal() {
        return Err(io::Error::other("standard output is not a terminal"));
    }
    if ENTERED.swap(true, Ordering::SeqCst) {
        return Ok(());
    }
    *OWNER.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current().id());
    let entered = enable_raw_mode().and_then(|()| {
        let mut out = Vec::new();
        queue!(out, Print(SAVE_TITLE), EnterAlternateScreen, EnableBracketedPaste, Hide)?;
        send(&out)
    });
    entered.inspect_err(|_| leave())
}

/// Gives the terminal back: everything that [`Tty::open`] changed, in reverse. It may be called at any time, any
/// number of times; what fails is passed over, since there is nowhere left to say so.
pub fn leave() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    let _ = disable_raw_mode();
    let mut out = Vec::new();
    let _ = queue!(out, EndSynchronizedUpdate, DisableBracketedPaste, LeaveAlternateScreen, Show, Print(RESTORE_TITLE));
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(&out).and_then(|()| stdout.flush());
}

/// Makes a panic of the thread that draws give the terminal back before it is reported. Install it after the hook
/// that reports, which it calls. A panic of any other thread ends that thread's work only: it is logged, since its
/// report would be written across the screen.
pub fn install_panic_hook() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let owner = *OWNER.lock().unwrap_or_else(PoisonError::into_inner);
        if ENTERED.load(Ordering::SeqCst) && owner != Some(thread::current().id()) {
            tracing::error!(panic = %clean(&panic.to_string()), "a background task panicked");
            return;
        }
        leave();
        report(panic);
    }));
}

/// Writes to the terminal at once. After it was given back nothing is written any more.
fn send(bytes: &[u8]) -> io::Result<()> {
    if !ENTERED.load(Ordering::SeqCst) {
        return Ok(());
    }
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

fn ansi(command: impl Command) -> String {
    let mut out = String::new();
    let _ = command.write_ansi(&mut out);
    out
}
