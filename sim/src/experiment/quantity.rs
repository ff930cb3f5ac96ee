//! Durations as people write them.

use core::time::Duration;
use toml::{Table, Value};

/// Turns every text like `"10 ms"` of a scene into a duration. No name, path or
/// request reads like one.
pub(super) fn durations_in(table: &mut Table) {
    for (_, value) in table.iter_mut() {
        in_value(value);
    }
}

fn in_value(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(duration) = parse(text) {
                *value = duration_value(duration);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(in_value),
        Value::Table(table) => durations_in(table),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {}
    }
}

/// `serde`'s form of a duration.
fn duration_value(duration: Duration) -> Value {
    let secs = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    let nanos = i64::from(duration.subsec_nanos());
    Value::Table(Table::from_iter([
        ("secs".to_owned(), Value::Integer(secs)),
        ("nanos".to_owned(), Value::Integer(nanos)),
    ]))
}

/// Reads `10 ms`, `250 us` or `3 s`.
fn parse(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_once(' ')?;
    let number: u32 = number.parse().ok()?;
    let number = u64::from(number);
    match unit {
        "s" => Some(Duration::from_secs(number)),
        "ms" => Some(Duration::from_millis(number)),
        "us" => Some(Duration::from_micros(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them_and_nothing_else_is() {
        assert_eq!(parse("10 ms"), Some(Duration::from_millis(10)));
        assert_eq!(parse("250 us"), Some(Duration::from_micros(250)));
        assert_eq!(parse("3 s"), Some(Duration::from_secs(3)));
        for other in ["10ms", "ms", "-1 ms", "1 m", "GET /", "99999999999 s", ""] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
