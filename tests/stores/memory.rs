//! The suite over memory, which is the measure, and over memory behind the faulty store without faults.

use std::sync::Arc;

use palette_console::clock;
use palette_console::storage::Store;
use palette_console::storage::faulty::Faulty;
use palette_console::storage::memory::Memory;

use crate::conformance::{self, Scale};

fn memory() -> Arc<dyn Store> {
    Arc::new(Memory::new(clock::system()))
}

#[tokio::test]
async fn memory_keeps_every_promise() {
    conformance::run(memory(), Scale::Full).await;
}

#[tokio::test]
async fn a_faulty_store_without_faults_keeps_every_promise() {
    conformance::run(Arc::new(Faulty::new(memory())), Scale::Full).await;
}
