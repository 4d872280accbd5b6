//! Questions about backups, asked of the plane.

use crate::client::{Client, Error, Kind};
use crate::tui::msg::backup::{Ask, Failed, Told};

/// Asks, and tells what came of it; `tell` takes what happens on the way.
pub(super) async fn answer(_client: &Client, ask: Ask, tell: impl Fn(Told)) -> Told {
    let no = || Error {
        operation: "read the backups",
        kind: Kind::NotTheApi { status: 404, found: "nothing about backups".to_owned() },
    };
    match ask {
        Ask::Overview => Told::Overview(Err(no())),
        Ask::List(name) => Told::List(name, Err(no())),
        Ask::Jobs(_) => Told::Jobs(Err(no())),
        Ask::Begin(begin) => Told::Ended(begin, Err(no().into())),
        Ask::Cancel(uid) => Told::Cancelled(uid, Err(no())),
        Ask::Validate(draft) => {
            tell(Told::Checks(Vec::new()));
            Told::Validated(Box::new(draft.location), Err(no().into()))
        }
        Ask::Save(location) => Told::Saved(location.name, Err(no().into())),
        Ask::Remove(name) => Told::Removed(name, Err(no().into())),
        Ask::Preview(_) => Told::Preview(Err(no())),
        Ask::Plan(which, _) => Told::Plan(which, Err(no())),
        Ask::ExportKey(_) => Told::Key(Err(no().into())),
        Ask::ImportKey(_) => Told::KeyImported(Err(Failed::Plane(no()))),
        Ask::Download(which, _) => Told::Downloaded(which, Err(no().into())),
    }
}
