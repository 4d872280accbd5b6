//! The Backup/Restore tab.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::model::Model;
use crate::tui::ui::Slot;
use crate::tui::ui::draw::{after, below, cells, row, slot, wrap};

const WORDS: &str = "This version of palette-console does not back up or restore yet. Use the plane's own system \
                     console meanwhile: Administration > Backup/Restore.";

/// Draws the tab.
pub fn view(area: Rect, buf: &mut Buffer, model: &Model) {
    let look = &model.look();
    let area = below(after(area, 3), 1);
    slot(buf, row(area, 0), "Backup/Restore is not built yet", Slot::Title, look);
    for (place, line) in wrap(WORDS, area.width.min(72)).iter().enumerate() {
        slot(buf, row(area, cells(place) + 2), line, Slot::Text, look);
    }
}
