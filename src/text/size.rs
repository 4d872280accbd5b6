//! Bytes as people read them, in powers of two.

const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];

/// `0 B`, `812 B`, `3.4 KiB`, `412 MiB`: three digits at most, cut and not rounded up, so that nothing looks whole
/// before it is.
#[must_use]
pub fn size(bytes: u64) -> String {
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let (mut unit, mut rest) = (0, bytes);
    while rest >= 1024 * 1024 && unit + 1 < UNITS.len() {
        rest /= 1024;
        unit += 1;
    }
    let whole = rest / 1024;
    let tenth = rest % 1024 * 10 / 1024;
    let name = UNITS.get(unit).copied().unwrap_or_default();
    if whole < 10 { format!("{whole}.{tenth} {name}") } else { format!("{whole} {name}") }
}

/// `8 s`, `4 min`, `3 h`: how long something will still take, rounded up.
#[must_use]
pub fn wait(seconds: u64) -> String {
    match seconds {
        ..=99 => format!("{seconds} s"),
        100..=7199 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits_at_most() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(1024), "1.0 KiB");
        assert_eq!(size(10 * 1024 - 1), "9.9 KiB");
        assert_eq!(size(412 * 1024 * 1024), "412 MiB");
        assert_eq!(size(5 << 30), "5.0 GiB");
        assert_eq!(size(u64::MAX), "16383 PiB");
    }

    #[test]
    fn waits_grow_coarser() {
        assert_eq!(wait(0), "0 s");
        assert_eq!(wait(99), "99 s");
        assert_eq!(wait(100), "2 min");
        assert_eq!(wait(7200), "2 h");
    }
}
