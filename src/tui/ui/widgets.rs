//! The building blocks of the screens. Each is a state with `on_key` and a pure `render`; none knows a clock.

pub mod buttons;
pub mod data_table;
pub mod dialog;
pub mod field;
pub mod form;
pub mod hints;
pub mod line;
pub mod select;
pub mod typed_confirm;

pub use buttons::{Button, ButtonEvent, Buttons};
pub use data_table::{Align, Cell, Column, DataTable, Direction, Rows, SortKey, Width};
pub use dialog::Dialog;
pub use field::{Field, Kind};
pub use form::{Form, FormEvent};
pub use hints::{Hint, Hints};
pub use line::{Edit, LineEdit};
pub use select::{Choice, Select, SelectEvent};
pub use typed_confirm::TypedConfirm;
