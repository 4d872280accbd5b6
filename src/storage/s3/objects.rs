//! One try of every operation, and what makes a write certain.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aws_sdk_s3::config::http::HttpRequest;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;
use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::refusal::{Refusal, Verb};
use super::retry::Tries;
use super::wire::{Bounds, Trouble, time_for};
use super::{Encryption, S3};
use crate::storage::{Entry, Error, Kind, LARGEST_OBJECT, Listing, ObjectPath, ServerClock, is_fresh};

/// Bytes beside the object in an answer: none; but an error in its place may be longer than a short object.
const ROOM_FOR_ERRORS: usize = 64 << 10;

/// How a try to write ended, where not in trouble.
enum Written {
    /// The server took it.
    Taken,
    /// Something is there already.
    Occupied,
    /// The server does not know what `If-None-Match` is.
    Unguarded,
}

impl S3 {
    /// Writes until the object is there whole, and confirmed.
    pub(super) async fn write(&self, path: &ObjectPath, bytes: &Bytes) -> Result<(), Trouble> {
        let mut tries = Tries::new(self.patience_to_write());
        loop {
            let outcome = match self.write_once(path, bytes).await {
                Ok(Written::Taken) => self.confirm(path, bytes.len()).await,
                Ok(Written::Occupied) => self.same(path, bytes).await,
                Ok(Written::Unguarded) => {
                    self.guards.store(false, Ordering::Relaxed);
                    continue;
                }
                Err(trouble) => Err(trouble),
            };
            match outcome {
                Ok(()) => return Ok(()),
                Err(trouble) => tries.after(trouble).await?,
            }
        }
    }

    async fn write_once(&self, path: &ObjectPath, bytes: &Bytes) -> Result<Written, Trouble> {
        let guarded = self.guards.load(Ordering::Relaxed);
        match self.put_object(path, bytes, guarded).await {
            Ok(()) => Ok(Written::Taken),
            Err(refusal) if guarded && refusal.is_occupied() => Ok(Written::Occupied),
            Err(refusal) if guarded && refusal.knows_no_guard() => Ok(Written::Unguarded),
            Err(refusal) => Err(refusal.told(Verb::Put, &self.place, self.wire.server_clock())),
        }
    }

    /// One `PutObject`; `guarded` asks the server to refuse where something is there already.
    pub(super) async fn put_object(&self, path: &ObjectPath, bytes: &Bytes, guarded: bool) -> Result<(), Refusal> {
        let mut call = self.client.put_object().bucket(&self.place.bucket).key(self.place.key(path));
        call = call.body(ByteStream::from(bytes.clone())).set_if_none_match(guarded.then(|| "*".to_owned()));
        call = match &self.encryption {
            Encryption::None => call,
            Encryption::Aes256 => call.server_side_encryption(ServerSideEncryption::Aes256),
            Encryption::Kms(key) => call
                .server_side_encryption(ServerSideEncryption::AwsKms)
                .set_ssekms_key_id((!key.is_empty()).then(|| key.clone())),
        };
        let bounds = self.bounds(ROOM_FOR_ERRORS, bytes.len());
        let answer = call.customize().mutate_request(bounds).send().await.map_err(Refusal::of)?;
        self.seen_bucket.store(true, Ordering::Relaxed);
        if self.encryption != Encryption::None && answer.server_side_encryption().is_none() {
            self.note("The server was asked to encrypt what it stores, and does not say that it does.");
        }
        Ok(())
    }

    /// That the store holds what was written, as far as a size can tell; the signature covered the bytes.
    async fn confirm(&self, path: &ObjectPath, bytes: usize) -> Result<(), Trouble> {
        let size = match self.size_once(path).await {
            Err(trouble) if trouble.kind == Kind::Denied => self.listed_size(path).await?,
            size => size?,
        };
        match size {
            Some(size) if size == bytes as u64 => Ok(()),
            Some(size) => Err(Trouble::new(
                Kind::Mismatch,
                format!("the server holds {size} bytes of the {bytes} that were sent"),
            )
            .advised("Check the server's disks and its log.")),
            None => Err(Trouble::new(Kind::Mismatch, "the server took it, and then does not have it")
                .advised("Check the server's disks and its log, and what removes objects from the bucket.")),
        }
    }

    /// That what is there already are the same bytes: an earlier try whose answer was lost.
    async fn same(&self, path: &ObjectPath, bytes: &Bytes) -> Result<(), Trouble> {
        let other = || Trouble::new(Kind::Mismatch, "another object is there already, and was left as it is");
        match self.read_once(path, bytes.len()).await {
            Ok(there) if there == *bytes => Ok(()),
            Ok(_) => Err(other()),
            Err(trouble) if trouble.kind == Kind::Mismatch => Err(other()),
            Err(trouble) => Err(trouble),
        }
    }

    pub(super) async fn read_once(&self, path: &ObjectPath, most: usize) -> Result<Bytes, Trouble> {
        let most = most.min(LARGEST_OBJECT);
        let call = self.client.get_object().bucket(&self.place.bucket).key(self.place.key(path));
        let bounds = self.bounds(most.max(ROOM_FOR_ERRORS), most);
        let answer =
            call.customize().mutate_request(bounds).send().await.map_err(|error| self.told(Verb::Get, error))?;
        self.seen_bucket.store(true, Ordering::Relaxed);
        let body = answer.body.collect().await;
        let bytes = body.map_err(|_| Trouble::new(Kind::Interrupted, "the object came incomplete"))?.into_bytes();
        if bytes.len() > most {
            return Err(Trouble::new(Kind::Mismatch, format!("it is larger than {most} bytes, the most it may be")));
        }
        Ok(bytes)
    }

    pub(super) async fn size_once(&self, path: &ObjectPath) -> Result<Option<u64>, Trouble> {
        let call = self.client.head_object().bucket(&self.place.bucket).key(self.place.key(path));
        let answer = match call.send().await.map_err(Refusal::of) {
            Ok(answer) => answer,
            Err(refusal) if refusal.is_absence() => {
                // A missing bucket, or something else than S3, looks the same in an answer without a body.
                if refusal.is_page() || !self.seen_bucket.load(Ordering::Relaxed) {
                    self.page(&self.place.key(path), false, None, 1).await?;
                }
                return Ok(None);
            }
            Err(refusal) => return Err(refusal.told(Verb::Head, &self.place, self.wire.server_clock())),
        };
        self.seen_bucket.store(true, Ordering::Relaxed);
        let size = answer.content_length().and_then(|size| u64::try_from(size).ok());
        size.map(Some).ok_or_else(|| Trouble::new(Kind::Protocol, "the server does not say how large it is"))
    }

    /// The size as a listing tells it.
    async fn listed_size(&self, path: &ObjectPath) -> Result<Option<u64>, Trouble> {
        let key = self.place.key(path);
        let page = self.page(&key, false, None, 1).await?;
        let found = page.contents().iter().find(|object| object.key() == Some(&key));
        Ok(found.and_then(|object| object.size()).and_then(|size| u64::try_from(size).ok()))
    }

    pub(super) async fn delete_once(&self, path: &ObjectPath) -> Result<(), Trouble> {
        let call = self.client.delete_object().bucket(&self.place.bucket).key(self.place.key(path));
        match call.send().await.map_err(Refusal::of) {
            Ok(_) => Ok(()),
            Err(refusal) if refusal.is_missing_key() => Ok(()),
            Err(refusal) => Err(refusal.told(Verb::Delete, &self.place, self.wire.server_clock())),
        }
    }

    /// Everything in a folder, or everything below it.
    pub(super) async fn listing(&self, folder: &ObjectPath, deep: bool) -> Result<Listing, Error> {
        let operation = match folder.as_str() {
            "" => "list the location".to_owned(),
            folder => format!("list {folder}"),
        };
        self.pages(folder, deep).await.map_err(|trouble| self.error(&operation, trouble))
    }

    async fn pages(&self, folder: &ObjectPath, deep: bool) -> Result<Listing, Trouble> {
        let prefix = self.place.prefix(folder);
        let mut found = Found { folder, prefix: &prefix, deep, listing: Listing::default(), folders: BTreeSet::new() };
        let mut token: Option<String> = None;
        let mut seen = BTreeSet::new();
        loop {
            let patience = self.timeouts.short_patience;
            let page = self.patiently(patience, || self.page(&prefix, !deep, token.clone(), 1000)).await?;
            found.take(&page);
            if !page.is_truncated().unwrap_or_default() {
                return Ok(found.done());
            }
            // A listing that is not whole must not pass for one: retention and verification go by it.
            let incomplete = |reason: &str| {
                Err(Trouble::new(Kind::Protocol, format!("the server {reason}, so the listing would not be whole"))
                    .advised("Look for a newer version of the server, or for another one."))
            };
            match page.next_continuation_token() {
                None => return incomplete("says that there is more and does not say how to ask for it"),
                Some(next) if !seen.insert(next.to_owned()) => return incomplete("repeats a page of its listing"),
                Some(next) => token = Some(next.to_owned()),
            }
        }
    }

    pub(super) async fn page(
        &self,
        prefix: &str,
        one_level: bool,
        token: Option<String>,
        most: i32,
    ) -> Result<ListObjectsV2Output, Trouble> {
        let mut call = self.client.list_objects_v2().bucket(&self.place.bucket).set_continuation_token(token);
        call = call.set_prefix((!prefix.is_empty()).then(|| prefix.to_owned()));
        call = call.set_delimiter(one_level.then(|| "/".to_owned())).set_max_keys((most < 1000).then_some(most));
        let page = call.send().await.map_err(|error| self.told(Verb::List, error))?;
        self.seen_bucket.store(true, Ordering::Relaxed);
        Ok(page)
    }

    /// The server's clock by an answer that is not old; every answer tells it, so any will do.
    pub(super) async fn ask_clock_anew(&self) -> Result<Option<ServerClock>, Trouble> {
        let fresh = || self.wire.server_clock().filter(|clock| is_fresh(clock.ours, self.clock.now()));
        if fresh().is_none() {
            let patience = self.timeouts.short_patience;
            self.patiently(patience, || self.page("", false, None, 1)).await?;
        }
        Ok(fresh())
    }

    fn told<E>(&self, verb: Verb, error: super::refusal::SdkError<E>) -> Trouble
    where
        E: aws_sdk_s3::error::ProvideErrorMetadata + std::error::Error + 'static,
    {
        Refusal::of(error).told(verb, &self.place, self.wire.server_clock())
    }

    /// Sets what an exchange that moves `bytes` may take.
    fn bounds(&self, most: usize, bytes: usize) -> impl Fn(&mut HttpRequest) + Send + Sync + 'static {
        let total: Duration = time_for(bytes, self.timeouts.least);
        move |request| request.add_extension(Bounds { most, total })
    }
}

/// A listing under way.
struct Found<'a> {
    folder: &'a ObjectPath,
    prefix: &'a str,
    deep: bool,
    listing: Listing,
    folders: BTreeSet<String>,
}

impl Found<'_> {
    fn take(&mut self, page: &ListObjectsV2Output) {
        for object in page.contents() {
            let key = object.key().unwrap_or_default();
            let bytes = object.size().and_then(|size| u64::try_from(size).ok());
            let modified = object.last_modified().and_then(time);
            let tag = object.e_tag().map(ToOwned::to_owned);
            self.object(key, bytes, |path| Entry { path, bytes, modified, tag });
        }
        for folder in page.common_prefixes().iter().filter_map(|prefix| prefix.prefix()) {
            self.folder(folder);
        }
    }

    fn object(&mut self, key: &str, bytes: Option<u64>, entry: impl FnOnce(ObjectPath) -> Entry) {
        let Some(rest) = key.strip_prefix(self.prefix) else {
            return self.listing.strangers.push(key.to_owned());
        };
        // A folder's own marker, which some consoles leave.
        if rest.is_empty() || rest.ends_with('/') && bytes == Some(0) {
            return;
        }
        match rest.split_once('/') {
            // A server that takes no notice of the delimiter.
            Some((folder, _)) if !self.deep => self.folder(&format!("{}{folder}/", self.prefix)),
            _ => match below(self.folder, rest) {
                Some(path) => self.listing.entries.push(entry(path)),
                None => self.listing.strangers.push(rest.to_owned()),
            },
        }
    }

    fn folder(&mut self, prefix: &str) {
        let name = prefix.strip_prefix(self.prefix).map(|rest| rest.trim_end_matches('/'));
        match name.filter(|name| ObjectPath::root().join(name).is_ok()) {
            Some(name) => drop(self.folders.insert(name.to_owned())),
            None => self.listing.strangers.push(name.unwrap_or(prefix).to_owned()),
        }
    }

    fn done(mut self) -> Listing {
        self.listing.entries.sort_by(|a, b| a.path.cmp(&b.path));
        self.listing.entries.dedup_by(|a, b| a.path == b.path);
        self.listing.folders = self.folders.into_iter().collect();
        self.listing
    }
}

fn below(folder: &ObjectPath, rest: &str) -> Option<ObjectPath> {
    rest.split('/').try_fold(folder.clone(), |path, part| path.join(part)).ok()
}

fn time(time: &aws_sdk_s3::primitives::DateTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.secs(), time.subsec_nanos())
}
