//! A store that fails on command: a test aid for everything that relies on a store.
