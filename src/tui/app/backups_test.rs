//! Backups: what messages do to the tab and its dialogs.
