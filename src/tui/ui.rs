//! How things look: theme, glyphs and widgets. Generic on purpose: nothing here knows what a gateway or a backup is.

pub mod draw;
pub mod flow;
pub mod glyphs;
pub mod theme;
pub mod widgets;

#[cfg(test)]
pub(crate) mod testing;

pub use glyphs::Glyphs;
pub use theme::{Slot, Theme};

/// What every widget needs to know in order to draw itself.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// Styles by meaning.
    pub theme: &'a Theme,
    /// Signs that the terminal can show.
    pub glyphs: &'a Glyphs,
}
