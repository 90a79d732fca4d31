//! Timestamps: whole seconds, fractions, and numbers out of range.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use openai_assistants::Timestamp;

use super::parse;

fn read(text: &str) -> Timestamp {
    parse(text)
}

/// The number after it was deserialized and serialized.
fn written(text: &str) -> String {
    serde_json::to_string(&read(text)).expect("a number can be serialized")
}

#[test]
fn a_timestamp_is_serialized_as_received() {
    for text in [
        "0",
        "-1",
        "1699009709",
        "1699009709000",
        "1699009709.25",
        // The shortest text of the float, as in Python.
        "1721984405.123456",
        "1721984405.1234567",
        "0.1",
        "-0.1",
        "-1699009709.5",
        "9223372036854775807",
        "-9223372036854775808",
    ] {
        assert_eq!(written(text), text);
        assert_eq!(read(text).to_string(), text);
    }
}

#[test]
fn a_whole_number_is_serialized_as_an_integer() {
    for (text, integer) in [
        ("1699009709.0", "1699009709"),
        ("1.699009709e9", "1699009709"),
        ("-0.0", "0"),
        ("-2.0", "-2"),
    ] {
        assert_eq!(written(text), integer);
        assert_eq!(read(text), read(integer), "{text}");
    }
}

#[test]
fn a_timestamp_is_displayed_as_a_number() {
    let (whole, part) = (read("1700000000"), read("1700000000.5"));
    assert_eq!(
        format!("{whole:.3} {part:.3}"),
        "1700000000.000 1700000000.500"
    );
    assert_eq!(
        format!("{whole:>12} {whole:?} {part:?}"),
        "  1700000000 1700000000 1700000000.5"
    );
    assert_eq!(1_700_000_000, whole);
    assert_eq!(Timestamp::default(), 0);
}

#[test]
fn a_number_out_of_range_becomes_the_nearest_in_range() {
    for (text, nearest) in [
        ("1e300", i64::MAX),
        ("9223372036854775808", i64::MAX),
        ("18446744073709551615", i64::MAX),
        ("-1e300", i64::MIN),
    ] {
        let time = read(text);
        assert_eq!(time, nearest, "{text}");
        let _ = (time.system_time(), time.as_secs_f64(), time.to_string());
    }
}

#[test]
fn timestamps_are_ordered() {
    let sorted = [
        "-2", "-1.5", "-1", "-0.5", "0", "0.25", "1", "1.5", "1.75", "2",
    ]
    .map(read);
    assert!(sorted.is_sorted_by(|earlier, later| earlier < later));
    assert!(read("1.5") > 1 && read("1.5") < 2 && read("1.0") == 1);
    let distinct: HashSet<Timestamp> = [read("1"), read("1.0"), read("1.5")].into();
    assert_eq!(distinct.len(), 2);
}

#[test]
fn a_timestamp_converts_to_system_time() {
    let epoch = SystemTime::UNIX_EPOCH;
    for (text, time) in [
        ("1.5", epoch + Duration::from_millis(1500)),
        ("-1.5", epoch - Duration::from_millis(1500)),
        ("-0.25", epoch - Duration::from_millis(250)),
    ] {
        assert_eq!(read(text).system_time(), Some(time), "{text}");
    }
}

#[test]
fn a_timestamp_is_a_number() {
    for text in [
        r#""1699009709""#,
        r#""2023-11-03T11:08:29Z""#,
        "true",
        "null",
    ] {
        let error = serde_json::from_str::<Timestamp>(text).expect_err("it is not a number");
        assert!(error.to_string().contains("a number of seconds"), "{error}");
    }
}
