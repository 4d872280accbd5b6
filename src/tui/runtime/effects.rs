//! Effects become tasks. Of each kind of question only the newest is waited for: a late answer to an older one is
//! dropped here, in one place. Changes are never abandoned.

mod backups;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::api::audit::AuditQuery;
use crate::client::{Client, Error, Login, Who};
use crate::ops::{audits, delete, migrate, pcgs, rename};
use crate::tui::msg::{Answer, Greeting, Kind, Request};

/// How many entries of a gateway's history are read.
const HISTORY: u32 = 5;

/// An answer on its way to the core, with the question it belongs to.
pub struct Delivery {
    request: Request,
    generation: u64,
    answer: Answer,
}

/// Runs requests.
pub struct Effects {
    client: Option<Client>,
    inbox: mpsc::UnboundedSender<Box<Delivery>>,
    running: HashMap<Kind, Running>,
    generation: u64,
}

struct Running {
    generation: u64,
    task: AbortHandle,
}

impl Effects {
    /// Runs requests and puts the answers into `inbox`.
    #[must_use]
    pub fn new(inbox: mpsc::UnboundedSender<Box<Delivery>>) -> Self {
        Self { client: None, inbox, running: HashMap::new(), generation: 0 }
    }

    /// From now on requests go to this plane. Answers of the one before would be taken for this one's, so its reads are
    /// dropped.
    pub fn connect(&mut self, client: Client) {
        self.running.retain(|kind, running| {
            let is_change = matches!(kind, Kind::Change(_));
            if !is_change {
                running.task.abort();
            }
            is_change
        });
        self.client = Some(client);
    }

    /// The client, once there is one.
    #[must_use]
    pub fn client(&self) -> Option<&Client> {
        self.client.as_ref()
    }

    /// Sends a request. It takes the place of an older one of its kind, unless that is a change.
    pub fn ask(&mut self, request: Request) {
        let Some(client) = self.client.clone() else { return };
        let kind = request.kind();
        self.generation += 1;
        let generation = self.generation;
        let reply = Reply { inbox: self.inbox.clone(), request: request.clone(), generation };
        let task = tokio::spawn(async move { answer(&client, request, &reply).await });
        let previous = self.running.insert(kind.clone(), Running { generation, task: task.abort_handle() });
        if let (Some(previous), false) = (previous, matches!(kind, Kind::Change(_))) {
            previous.task.abort();
        }
    }

    /// A delivery's question and answer, unless a newer question took its place.
    pub fn accept(&mut self, delivery: Box<Delivery>) -> Option<(Request, Answer)> {
        let kind = delivery.request.kind();
        let newest = self.running.get(&kind).is_some_and(|it| it.generation == delivery.generation);
        let Delivery { request, answer, .. } = *delivery;
        (newest || matches!(kind, Kind::Change(_))).then_some((request, answer))
    }
}

struct Reply {
    inbox: mpsc::UnboundedSender<Box<Delivery>>,
    request: Request,
    generation: u64,
}

impl Reply {
    /// The core may have ended; then nobody wants the answer.
    fn send(&self, answer: Answer) {
        let delivery = Delivery { request: self.request.clone(), generation: self.generation, answer };
        let _ = self.inbox.send(Box::new(delivery));
    }

    /// Sends how a migration goes on.
    fn moves_of(&self, plan: &migrate::Plan) -> impl Fn(migrate::Progress) + Send + Sync + '_ {
        let uid = plan.source.uid.clone();
        move |progress| self.send(Answer::Migration(uid.clone(), progress))
    }
}

async fn history(client: &Client, uid: String) -> Answer {
    let query = AuditQuery { resource_uid: Some(uid.clone()), limit: Some(HISTORY), ..AuditQuery::default() };
    Answer::History(uid, audits::page(client, &query).await)
}

async fn answer(client: &Client, request: Request, reply: &Reply) {
    let answer = match request {
        Request::Greeting => Answer::Greeting(greeting(client).await),
        Request::Version => Answer::Version(client.version().await.map(|info| info.version)),
        Request::Login(login) => Answer::Login(login.kind(), sign_in(client, &login).await),
        Request::Gateways => Answer::Gateways(client.overlords().await),
        Request::Clouds(uids) => Answer::Clouds(pcgs::clouds(client, uids).await),
        Request::Clusters => Answer::Clusters(pcgs::clusters(client).await),
        Request::History(uid) => history(client, uid).await,
        Request::Audits(query) => {
            let page = audits::page(client, &query).await;
            Answer::Audits(query, page)
        }
        Request::MigratePreflight { source, target } => {
            Answer::MigratePreflight(migrate::preflight(client, &source, &target).await.map(Box::new))
        }
        Request::Migrate(plan) => {
            let ended = migrate::run(client, &plan, reply.moves_of(&plan)).await;
            Answer::MigrationEnded(plan.source.uid.clone(), ended.map(Box::new))
        }
        Request::Watch(plan) => {
            let ended = migrate::resume(client, &plan, reply.moves_of(&plan)).await;
            Answer::MigrationEnded(plan.source.uid.clone(), ended.map(Box::new))
        }
        Request::DeletePreflight(uid) => {
            Answer::DeletePreflight(delete::preflight(client, &uid).await.map(|plan| plan.map(Box::new)))
        }
        Request::Delete(plan) => Answer::Deleted(plan.pcg.uid.clone(), delete::run(client, &plan).await.map(Box::new)),
        Request::Rename { uid, name } => {
            let done = rename::run(client, &uid, &name).await;
            Answer::Renamed(uid, done)
        }
        Request::Backup(ask) => {
            Answer::Backup(backups::answer(client, ask, |told| reply.send(Answer::Backup(told))).await)
        }
    };
    reply.send(answer);
}

async fn sign_in(client: &Client, login: &Login) -> Result<Who, Error> {
    let who = client.login(login).await?;
    if matches!(login, Login::ApiKey(_) | Login::Pasted { .. }) {
        client.try_out(&who).await?;
    }
    Ok(who)
}

async fn greeting(client: &Client) -> Result<Greeting, Error> {
    Ok(Greeting { capabilities: client.read_capabilities().await?, banner: client.login_banner().await })
}

/// Writes a new file into `dir`; where the name is taken, a number is added. Nothing is overwritten.
///
/// # Errors
/// In words, where the file cannot be written.
pub fn save(dir: &Path, name: &str, text: &str) -> Result<PathBuf, String> {
    use std::io::Write;
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, "txt"));
    for number in 1..1000 {
        let tried = if number == 1 { format!("{stem}.{extension}") } else { format!("{stem}-{number}.{extension}") };
        let path = dir.join(tried);
        match std::fs::OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
                return written.map(|()| path.clone()).map_err(|error| {
                    let _ = std::fs::remove_file(&path);
                    format!("cannot write {}: {error}", path.display())
                });
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(format!("cannot write {}: {error}", path.display())),
        }
    }
    Err(format!("{} holds a thousand files called {name} already", dir.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_file_never_overwrites_another() {
        let dir = tempfile::tempdir().unwrap();
        let first = save(dir.path(), "list.txt", "one").unwrap();
        let second = save(dir.path(), "list.txt", "two").unwrap();
        assert_eq!(std::fs::read_to_string(first).unwrap(), "one");
        assert_eq!(second.file_name().unwrap(), "list-2.txt");
        assert!(save(&dir.path().join("missing"), "list.txt", "x").unwrap_err().contains("missing"));
    }

    fn client() -> Client {
        let address = crate::client::Address::Socket("/nowhere/plane.sock".into());
        Client::new(crate::client::Options::new(address, crate::clock::system())).unwrap()
    }

    #[tokio::test]
    async fn a_late_answer_to_an_older_question_is_dropped() {
        let (inbox, _outbox) = mpsc::unbounded_channel();
        let mut effects = Effects::new(inbox);
        let task = tokio::spawn(async {}).abort_handle();
        effects.running.insert(Kind::Gateways, Running { generation: 2, task });
        let delivery =
            |request, generation| Box::new(Delivery { request, generation, answer: Answer::Copied(String::new()) });
        assert!(effects.accept(delivery(Request::Gateways, 1)).is_none());
        assert!(effects.accept(delivery(Request::Gateways, 2)).is_some());
        effects.connect(client());
        assert!(effects.accept(delivery(Request::Gateways, 2)).is_none(), "asked of the plane before");
        let change = Request::Rename { uid: "u".into(), name: "n".into() };
        assert!(effects.accept(delivery(change, 1)).is_some(), "changes always report");
    }
}
