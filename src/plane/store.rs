//! The plane's database: one SQLite file, one connection, all work off the async threads.

pub mod accounts;
pub mod audits;
pub mod backups;
pub mod clusters;
pub mod gateways;
pub mod housekeeping;
pub mod jobs;
pub mod locations;
pub mod migrations;
pub mod open;
pub mod settings;
pub mod stamp;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::failure::{Failure, StorageError};

/// The open database. Clones share it.
#[derive(Clone)]
pub struct Store {
    connection: Arc<Mutex<Option<Connection>>>,
}

impl Store {
    /// Takes over an open connection.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        Self { connection: Arc::new(Mutex::new(Some(connection))) }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Connection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn off_thread<T, F>(&self, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, Failure> + Send + 'static,
    {
        let store = self.clone();
        let done = tokio::task::spawn_blocking(move || match store.lock().as_mut() {
            Some(connection) => work(connection),
            None => Err(StorageError::Closed.into()),
        });
        done.await.unwrap_or_else(|error| Err(StorageError::Internal(error.to_string()).into()))
    }

    /// Reads, in one consistent view.
    ///
    /// # Errors
    /// What `work` fails with, or the storage.
    pub async fn read<T, F>(&self, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        self.off_thread(move |connection| {
            let view = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
            work(&view)
        })
        .await
    }

    /// Changes, all of it or nothing: where `work` fails, nothing it did remains.
    ///
    /// # Errors
    /// What `work` fails with, or the storage.
    pub async fn write<T, F>(&self, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T, Failure> + Send + 'static,
    {
        self.off_thread(move |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })
        .await
    }

    /// Puts another database in the place of this one: `work` is given the connection and returns the one to go on with,
    /// none where there is none any more. Nobody reads or writes meanwhile.
    ///
    /// # Errors
    /// Where the database is closed already.
    pub async fn replace<T, F>(&self, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(Connection) -> (Option<Connection>, T) + Send + 'static,
    {
        let store = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let mut held = store.lock();
            let connection = held.take().ok_or(StorageError::Closed)?;
            let (connection, value) = work(connection);
            *held = connection;
            Ok(value)
        });
        done.await.unwrap_or_else(|error| Err(StorageError::Internal(error.to_string()).into()))
    }

    /// Closes the database; later work fails with [`StorageError::Closed`]. Folds the write-ahead log into
    /// the file, as far as the disk lets it.
    pub fn close(&self) {
        if let Some(connection) = self.lock().take()
            && let Err(error) = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        {
            tracing::warn!(%error, "the write-ahead log stays beside the database");
        }
    }
}
