//! The building blocks of the screens. Each is a state with `on_key` and a pure `render`; none knows a clock.
