//! One table of commands feeds the keys, the hints and the help.

use super::runtime::key::Key;
use super::ui::widgets::hints::Hint;

/// What a key can mean outside of dialogs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Show the next tab.
    NextTab,
    /// Show the tab before.
    PreviousTab,
    /// Show a tab by its number, from 1.
    Tab(u8),
    /// What the keys do.
    Help,
    /// What went wrong so far.
    Errors,
    /// Watch the newest migration, or the newest job of the backups.
    Jobs,
    /// Read anew.
    Refresh,
    /// Draw the screen anew.
    Redraw,
    /// Stop the process until it is continued.
    Suspend,
    /// End the program.
    Quit,
    /// Dismiss messages, then the filter.
    Dismiss,
    /// What can be done with the selected row.
    Menu,
    /// Narrow the rows by a text.
    Filter,
    /// Sort by the next column.
    Sort,
    /// Turn the order around.
    Reverse,
    /// Copy the uid of the selected row.
    CopyUid,
    /// Open the migration wizard.
    Migrate,
    /// Open the deletion dialog.
    Delete,
    /// Open the renaming dialog.
    Rename,
    /// Open the audit entries of the selected gateway.
    History,
    /// Look at the selected entry.
    Open,
    /// Show the entries of every resource again.
    AllEntries,
    /// Make a backup now.
    Create,
    /// Change where backups go and when.
    Configure,
    /// Prove that the selected backup is whole.
    Verify,
    /// Bring the selected backup back.
    Restore,
    /// Copy the files of the selected backup.
    Download,
    /// Everything that is known of the selected backup.
    Details,
    /// Every location.
    Locations,
    /// A further location.
    NewLocation,
    /// The recovery key.
    RecoveryKey,
    /// The policies for the bucket's account.
    Policy,
    /// Cancel the job that is under way.
    CancelJob,
}

/// Where a command can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// On every screen.
    Everywhere,
    /// On the gateways.
    Gateways,
    /// On the backups.
    Backup,
    /// On the audit logs.
    Audits,
}

impl Scope {
    /// Heading in the help.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Gateways => "Private Cloud Gateways",
            Self::Backup => "Backup/Restore",
            Self::Audits => "Audit Logs",
        }
    }
}

/// A line of the table.
#[derive(Debug)]
pub struct Entry {
    /// What it means.
    pub command: Command,
    /// Where it can be given.
    pub scope: Scope,
    /// Keys that give it; the first is shown.
    pub keys: &'static [&'static str],
    /// One or two words for the hints; empty where it is not hinted at.
    pub hint: &'static str,
    /// A sentence for the help.
    pub help: &'static str,
    /// What leaves the hints first where there is no room: the highest number.
    pub priority: u8,
}

const fn entry(
    scope: Scope,
    command: Command,
    keys: &'static [&'static str],
    (hint, priority): (&'static str, u8),
    help: &'static str,
) -> Entry {
    Entry { command, scope, keys, hint, help, priority }
}

use Command as C;
use Scope::{Audits, Backup, Everywhere, Gateways};

/// Every command. The order is the order of hints and help.
pub const TABLE: &[Entry] = &[
    entry(Gateways, C::Menu, &["enter"], ("actions", 0), "what can be done with the selected gateway"),
    entry(Gateways, C::Migrate, &["m"], ("migrate", 2), "move its clusters to another gateway"),
    entry(Gateways, C::Delete, &["d", "delete"], ("", 9), "delete it, after a confirmation"),
    entry(Gateways, C::Rename, &["n"], ("", 9), "give it another name"),
    entry(Gateways, C::History, &["a"], ("audit entries", 4), "its audit entries"),
    entry(Gateways, C::CopyUid, &["y"], ("", 9), "copy its uid to the clipboard"),
    entry(Gateways, C::Filter, &["/"], ("filter", 3), "narrow the rows: text, !text or column:text"),
    entry(Gateways, C::Sort, &["s"], ("sort", 5), "sort by the next column"),
    entry(Gateways, C::Reverse, &["S"], ("", 9), "turn the order around"),
    entry(Backup, C::Menu, &["enter"], ("actions", 0), "what can be done with the selected backup"),
    entry(Backup, C::Create, &["+", "c"], ("create", 0), "make a backup now"),
    entry(Backup, C::Configure, &["e"], ("configure", 2), "where backups go and when"),
    entry(Backup, C::Verify, &["v"], ("verify", 3), "prove that the selected backup is whole"),
    entry(Backup, C::Restore, &["R"], ("", 9), "bring the selected backup back, after a confirmation"),
    entry(Backup, C::Download, &["f"], ("", 9), "copy its files into a directory"),
    entry(Backup, C::Delete, &["d", "delete"], ("", 9), "delete it, after a confirmation"),
    entry(Backup, C::Details, &["i"], ("", 9), "everything that is known of it"),
    entry(Backup, C::CopyUid, &["y"], ("", 9), "copy its uid to the clipboard"),
    entry(Backup, C::Locations, &["l"], ("locations", 4), "every location"),
    entry(Backup, C::NewLocation, &["n"], ("", 9), "a further location, also from a saved configuration"),
    entry(Backup, C::RecoveryKey, &["K"], ("recovery key", 4), "export or import the recovery key"),
    entry(Backup, C::Policy, &["p"], ("IAM policy", 5), "the IAM policies that S3 backups need"),
    entry(Backup, C::CancelJob, &["x"], ("", 9), "cancel what is under way"),
    entry(Backup, C::Filter, &["/"], ("filter", 7), "narrow the rows: text, !text or column:text"),
    entry(Backup, C::Sort, &["s"], ("", 9), "sort by the next column"),
    entry(Backup, C::Reverse, &["S"], ("", 9), "turn the order around"),
    entry(Audits, C::Open, &["enter"], ("read", 0), "the selected entry at length"),
    entry(Audits, C::AllEntries, &["x"], ("", 9), "show the entries of every resource again"),
    entry(Audits, C::CopyUid, &["y"], ("copy uid", 4), "copy the uid of the entry to the clipboard"),
    entry(Everywhere, C::Refresh, &["r", "f5"], ("refresh", 6), "read everything anew"),
    entry(Everywhere, C::Jobs, &["w"], ("", 9), "watch the newest migration or backup job"),
    entry(Everywhere, C::NextTab, &["tab"], ("", 9), "the next tab"),
    entry(Everywhere, C::PreviousTab, &["shift-tab"], ("", 9), "the tab before"),
    entry(Everywhere, C::Tab(1), &["1", "alt-1"], ("", 9), "Private Cloud Gateways"),
    entry(Everywhere, C::Tab(2), &["2", "alt-2"], ("", 9), "Backup/Restore"),
    entry(Everywhere, C::Tab(3), &["3", "alt-3"], ("", 9), "Audit Logs"),
    entry(Everywhere, C::Errors, &["E"], ("", 9), "what went wrong so far"),
    entry(Everywhere, C::Dismiss, &["esc"], ("", 9), "dismiss messages; clear the filter"),
    entry(Everywhere, C::Redraw, &["ctrl-l"], ("", 9), "draw the screen anew"),
    entry(Everywhere, C::Suspend, &["ctrl-z"], ("", 9), "go to the shell; fg comes back"),
    entry(Everywhere, C::Help, &["?", "f1"], ("help", 1), "this page"),
    entry(Everywhere, C::Quit, &["q", "ctrl-c"], ("quit", 1), "leave"),
];

/// What a key means on a screen.
#[must_use]
pub fn find(scope: Scope, key: Key) -> Option<Command> {
    let names = |entry: &&Entry| entry.keys.iter().any(|name| name.parse() == Ok(key));
    let here = TABLE.iter().filter(|entry| entry.scope == scope);
    here.chain(TABLE.iter().filter(|entry| entry.scope == Everywhere)).find(names).map(|entry| entry.command)
}

/// A key as the hints show it: `Enter`, `/`, `F1`.
#[must_use]
pub fn shown(key: &str) -> String {
    let mut letters = key.chars();
    match letters.next() {
        Some(first) if key.len() > 1 => first.to_uppercase().chain(letters).collect(),
        _ => key.to_owned(),
    }
}

impl Entry {
    /// The key that hints and menus show for it.
    #[must_use]
    pub fn key(&self) -> String {
        self.keys.first().map(|key| shown(key)).unwrap_or_default()
    }
}

/// The hints of a screen.
#[must_use]
pub fn hints(scope: Scope) -> Vec<Hint<'static>> {
    hints_where(scope, |_| true)
}

/// The hints of a screen at whatever means something just now.
#[must_use]
pub fn hints_where(scope: Scope, means: impl Fn(Command) -> bool) -> Vec<Hint<'static>> {
    TABLE
        .iter()
        .filter(|entry| (entry.scope == scope || entry.scope == Everywhere) && !entry.hint.is_empty())
        .filter(|entry| means(entry.command))
        .map(|entry| Hint::new(entry.key(), entry.hint).priority(entry.priority))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_table_can_be_read_and_means_one_thing_in_its_scope() {
        for scope in [Gateways, Backup, Audits, Everywhere] {
            let mut seen = Vec::new();
            for entry in TABLE.iter().filter(|entry| entry.scope == scope || entry.scope == Everywhere) {
                for name in entry.keys {
                    let key: Key = name.parse().unwrap();
                    assert!(!seen.contains(&key), "{name} twice in {scope:?}");
                    seen.push(key);
                }
            }
        }
    }

    #[test]
    fn a_key_means_its_screens_command_before_a_global_one() {
        let key = |name: &str| name.parse().unwrap();
        assert_eq!(find(Gateways, key("enter")), Some(Command::Menu));
        assert_eq!(find(Audits, key("enter")), Some(Command::Open));
        assert_eq!(find(Audits, key("q")), Some(Command::Quit));
        assert_eq!(find(Audits, key("m")), None);
    }
}
