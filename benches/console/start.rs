//! From the start of the process to the first rows, the plane in the same process.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use crate::figures::{Amount, Figure, median};
use crate::terminal::Terminal;

/// Stands on the login card once it is filled.
const CARD: &str = "Enter signs in";
/// Stands in a row of the table and nowhere else before there is one.
pub const ROW: &str = "ealthy";

pub fn measure(home: &Path, dir: &Path, runs: usize) -> Result<Vec<Figure>, Box<dyn Error>> {
    let dir = dir.to_str().ok_or("the directory has a name in UTF-8")?;
    let [mut frames, mut cards, mut rows] = [const { Vec::new() }; 3];
    let [mut bytes, mut whole, mut memory] = [const { Vec::new() }; 3];
    for _ in 0..runs {
        let mut console = Terminal::start(home, &["--data-dir", dir])?;
        let frame = console.first_frame()?;
        let card = console.until_shown(CARD)?;
        console.settle(Duration::from_millis(100));
        let before = console.written();
        let sent = console.send("\r")?;
        let shown = console.until_shown_since(sent, before, ROW)?;
        console.settle(Duration::from_millis(500));
        frames.push(frame.after);
        cards.push(card.after);
        rows.push(shown.after);
        bytes.push(frame.bytes);
        whole.push(shown.bytes);
        memory.push(console.resident()?);
        console.leave()?;
    }
    let first_rows = median(cards.iter().zip(&rows).map(|(card, rows)| *card + *rows).collect());
    Ok(vec![
        Figure::new("exec to first frame", median(frames).ok_or("no run")?).within(Duration::from_millis(50)),
        Figure::new("exec to login card", median(cards).ok_or("no run")?),
        Figure::new("Enter on the card to first rows", median(rows).ok_or("no run")?),
        Figure::new("first rows: both together", first_rows.ok_or("no run")?).within(Duration::from_millis(300)),
        Figure::new("bytes of the first frame", Amount::of(median(bytes).ok_or("no run")?, "B")),
        Figure::new("bytes from Enter to first rows", Amount::of(median(whole).ok_or("no run")?, "B")),
        Figure::new("resident with gateways, plane included", Amount::of(median(memory).ok_or("no run")?, "KiB")),
    ])
}
