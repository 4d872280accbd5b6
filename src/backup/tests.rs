//! The engine over a store in memory.

mod damage;
mod hostile;
mod making;
mod outages;
mod rig;
mod tidying;
