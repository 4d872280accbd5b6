//! The binary: arguments to configuration to dispatch to exit code.

fn main() {}
