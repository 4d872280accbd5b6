//! A console that is signed in to a plane elsewhere: keys, bytes, silence, memory.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::figures::{Amount, Figure, median};
use crate::plane::Served;
use crate::start::ROW;
use crate::terminal::{Stretch, Terminal};

const DOWN: &str = "\x1b[B";
const UP: &str = "\x1b[A";
const END: &str = "\x1b[F";
const HOME: &str = "\x1b[H";
/// The detail follows the cursor after 150 ms, and its last line comes with an answer of the plane.
const SILENCE: Duration = Duration::from_millis(500);
const KEY: Duration = Duration::from_millis(5);
/// Resident memory that the console may take, in KiB.
const MEMORY: usize = 40 * 1024;
/// How often the end of what is loaded is asked for; each time another page comes.
const PAGES: usize = 100;

/// What a key brought: the frame at once, and what followed.
struct Reaction {
    frame: Stretch,
    later: usize,
}

pub fn measure(home: &Path, served: &Served, runs: usize, idle: Duration) -> Result<Vec<Figure>, Box<dyn Error>> {
    let credentials = served.credentials.to_str().ok_or("the file has a name in UTF-8")?;
    let mut console = Terminal::start(home, &["--url", &served.url, "--credentials", credentials])?;
    let frame = console.first_frame()?;
    console.until_shown("Enter signs in")?;
    console.settle(SILENCE);
    let before = console.written();
    let sent = console.send("\r")?;
    let rows = console.until_shown_since(sent, before, ROW)?;
    let counted = counted(&console, sent)?;
    let mut figures = vec![
        Figure::new("exec to first frame", frame.after).within(Duration::from_millis(50)),
        Figure::new("Enter on the card to first rows", rows.after),
        Figure::new("Enter on the card to all clusters counted", counted),
    ];
    figures.extend(gateways(&mut console, runs)?);
    let (bytes, frames) = console.watch(idle);
    figures.push(Figure::new("idle on the gateways: bytes", Amount::of(bytes, "B")));
    figures.push(Figure::new("idle on the gateways: frames", Amount::of(frames, "frames")));
    figures.extend(audits(&mut console, runs)?);
    console.leave()?;
    Ok(figures)
}

/// Counting takes many reads, which the client spreads; it is over when nothing more comes.
fn counted(console: &Terminal, sent: Instant) -> Result<Duration, Box<dyn Error>> {
    let shown = console.until_gone("counting")?;
    console.settle(SILENCE);
    Ok(shown.saturating_duration_since(sent))
}

fn gateways(console: &mut Terminal, runs: usize) -> Result<Vec<Figure>, Box<dyn Error>> {
    let moves = reactions(console, [DOWN, UP], runs)?;
    let pages = reactions(console, [END, HOME], runs)?;
    let detail = median(moves.iter().map(|it| it.later).collect()).ok_or("no run")?;
    Ok(vec![
        Figure::new("gateways: cursor key to frame", time(&moves)?).within(KEY),
        Figure::new("gateways: bytes of a cursor move", bytes(&moves)?).within(Amount::of(500, "B")),
        Figure::new("gateways: bytes of the detail after it", Amount::of(detail, "B")).within(Amount::of(1536, "B")),
        Figure::new("gateways: last or first page, key to frame", time(&pages)?).within(KEY),
        Figure::new("gateways: bytes of the last or first page", bytes(&pages)?).within(Amount::of(4096, "B")),
        Figure::new("resident with gateways", Amount::of(console.resident()?, "KiB")).within(Amount::of(MEMORY, "KiB")),
    ])
}

fn audits(console: &mut Terminal, runs: usize) -> Result<Vec<Figure>, Box<dyn Error>> {
    let before = console.written();
    let sent = console.send("3")?;
    let shown = console.until_shown_since(sent, before, "Time (UTC)")?;
    console.settle(SILENCE);
    let resident = console.resident()?;
    let moves = reactions(console, [DOWN, UP], runs)?;
    let pages = reactions(console, [END, HOME], runs)?;
    for _ in 0..PAGES {
        console.send(END)?;
        console.settle(Duration::from_millis(200));
    }
    let scrolled = console.resident()?;
    Ok(vec![
        Figure::new("audits: key to first rows", shown.after),
        Figure::new("audits: cursor key to frame", time(&moves)?).within(KEY),
        Figure::new("audits: bytes of a cursor move", bytes(&moves)?).within(Amount::of(500, "B")),
        Figure::new("audits: last or first page, key to frame", time(&pages)?).within(KEY),
        Figure::new("audits: bytes of the last or first page", bytes(&pages)?).within(Amount::of(4096, "B")),
        Figure::new("resident with audits in reach", Amount::of(resident, "KiB")).within(Amount::of(MEMORY, "KiB")),
        Figure::new("resident after 100 times End", Amount::of(scrolled, "KiB")).within(Amount::of(MEMORY, "KiB")),
    ])
}

/// Gives the keys in turn, each on a silent console.
fn reactions(console: &mut Terminal, keys: [&str; 2], runs: usize) -> Result<Vec<Reaction>, Box<dyn Error>> {
    let mut reactions = Vec::with_capacity(runs);
    for key in keys.into_iter().cycle().take(runs) {
        console.settle(SILENCE);
        let before = console.written();
        let sent = console.send(key)?;
        let frame = console.next_frame(sent, before)?;
        console.settle(SILENCE);
        reactions.push(Reaction { frame, later: console.written() - before - frame.bytes });
    }
    Ok(reactions)
}

fn time(reactions: &[Reaction]) -> Result<Duration, Box<dyn Error>> {
    median(reactions.iter().map(|it| it.frame.after).collect()).ok_or_else(|| "no run".into())
}

fn bytes(reactions: &[Reaction]) -> Result<Amount, Box<dyn Error>> {
    let middle = median(reactions.iter().map(|it| it.frame.bytes).collect()).ok_or("no run")?;
    Ok(Amount::of(middle, "B"))
}
