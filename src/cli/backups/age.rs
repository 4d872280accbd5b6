//! Ages as they are written on the command line: `26h`, `90m`, `2d`, `1d12h`.

use chrono::TimeDelta;

/// Reads an age: numbers with `m`, `h`, `d` or `w` behind each.
pub fn parse(text: &str) -> Result<TimeDelta, String> {
    let wrong = || "write an age as 90m, 26h, 2d, 1w or 1d12h".to_owned();
    let mut whole = TimeDelta::zero();
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (digits, tail) = rest.split_at(end);
        let number: i64 = digits.parse().map_err(|_| wrong())?;
        let mut letters = tail.chars();
        let minutes = match letters.next() {
            Some('m') => 1,
            Some('h') => 60,
            Some('d') => 24 * 60,
            Some('w') => 7 * 24 * 60,
            _ => return Err(wrong()),
        };
        let part = number.checked_mul(minutes).and_then(TimeDelta::try_minutes).ok_or_else(wrong)?;
        whole = whole.checked_add(&part).ok_or_else(wrong)?;
        rest = letters.as_str();
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read_in_every_unit_and_nothing_else() {
        let hours = |text: &str| parse(text).map(|age| age.num_minutes());
        assert_eq!(hours("90m"), Ok(90));
        assert_eq!(hours("26h"), Ok(26 * 60));
        assert_eq!(hours("2d"), Ok(2 * 24 * 60));
        assert_eq!(hours("1w"), Ok(7 * 24 * 60));
        assert_eq!(hours("1d12h"), Ok(36 * 60));
        for wrong in ["", "26", "h", "26 h", "-1h", "1y", "26hh", "99999999999999999999h", "9223372036854775807w", "é"]
        {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
