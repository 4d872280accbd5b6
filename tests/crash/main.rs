//! The engine against death at every moment, rot of every object, and thirty days of bad luck; over stores in memory.

// `cfg(test)` tells the lints that helpers, too, are tests.
#[cfg(test)]
mod endurance;
#[cfg(test)]
mod mortal;
#[cfg(test)]
mod planes;
#[cfg(test)]
mod points;
#[cfg(test)]
mod rot;
#[cfg(test)]
mod world;
