//! What this process used, by what the kernel says of it.

use std::error::Error;
use std::fs;
use std::time::{Duration, Instant};

pub struct Usage {
    wall: Instant,
    cpu: Duration,
}

impl Usage {
    pub fn begin() -> Result<Self, Box<dyn Error>> {
        Ok(Self { wall: Instant::now(), cpu: cpu()? })
    }

    /// Time on the wall and of all cores together.
    pub fn end(self) -> Result<(Duration, Duration), Box<dyn Error>> {
        Ok((self.wall.elapsed(), cpu()?.saturating_sub(self.cpu)))
    }
}

fn cpu() -> Result<Duration, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(") ").ok_or("an odd /proc/self/stat")?;
    // User and system time are the fields 14 and 15; the state, which follows the name, is the third.
    let ticks: u64 = fields.split(' ').skip(11).take(2).map(str::parse::<u64>).sum::<Result<_, _>>()?;
    Ok(Duration::from_millis(ticks * 10))
}

/// The most memory that was ever resident, in MB.
pub fn most_resident() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("an odd /proc/self/status")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1024 / 1_000_000)
}
