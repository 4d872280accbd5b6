//! The building blocks of the screens. Each is a state with `on_key` and a pure `render`; none knows a clock.

pub mod buttons;
pub mod checklist;
pub mod data_table;
pub mod dialog;
pub mod field;
pub mod form;
pub mod hints;
pub mod line;
pub mod menu;
pub mod progress;
pub mod select;
pub mod spinner;
pub mod strip;
pub mod tabs;
pub mod text_view;
pub mod toast;
pub mod typed_confirm;

pub use buttons::{Button, ButtonEvent, Buttons};
pub use checklist::{Check, CheckState, Checklist};
pub use data_table::{Align, Cell, Column, DataTable, Direction, Rows, SortKey, Width};
pub use dialog::Dialog;
pub use field::{Field, Kind};
pub use form::{Form, FormEvent};
pub use hints::{Hint, Hints};
pub use line::{Edit, LineEdit};
pub use menu::{Item, Menu, MenuEvent};
pub use progress::Progress;
pub use select::{Choice, Select, SelectEvent};
pub use spinner::{Motion, Spinner};
pub use strip::{Mark, Strip};
pub use tabs::Tabs;
pub use text_view::{StyledLine, TextView};
pub use toast::{ToastKind, Toasts};
pub use typed_confirm::TypedConfirm;
