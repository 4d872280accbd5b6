//! The engine against death at every moment, rot of every object, and thirty days of bad luck; over stores in memory.

mod endurance;
mod mortal;
mod points;
mod rot;
mod world;
