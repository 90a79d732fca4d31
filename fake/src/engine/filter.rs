//! Filters on the attributes of files.

use std::cmp::Ordering;

use serde_json::Value;

/// Whether attributes match a filter. A null filter matches all.
pub(crate) fn matches(filter: &Value, attributes: &Value) -> bool {
    let filters = || filter["filters"].as_array().into_iter().flatten();
    let (found, wanted) = (
        &attributes[filter["key"].as_str().unwrap_or_default()],
        &filter["value"],
    );
    let is_in = || {
        let mut values = wanted.as_array().into_iter().flatten();
        values.any(|value| compare(found, value) == Some(Ordering::Equal))
    };
    let order = || compare(found, wanted);
    match filter["type"].as_str() {
        Some("and") => filters().all(|filter| matches(filter, attributes)),
        Some("or") => filters().any(|filter| matches(filter, attributes)),
        Some("eq") => order() == Some(Ordering::Equal),
        Some("ne") => order() != Some(Ordering::Equal),
        Some("gt") => order() == Some(Ordering::Greater),
        Some("gte") => order().is_some_and(Ordering::is_ge),
        Some("lt") => order() == Some(Ordering::Less),
        Some("lte") => order().is_some_and(Ordering::is_le),
        Some("in") => is_in(),
        Some("nin") => !is_in(),
        _ => true,
    }
}

/// Compares values of the same type. A missing attribute compares with nothing.
fn compare(found: &Value, wanted: &Value) -> Option<Ordering> {
    match (found, wanted) {
        (Value::String(found), Value::String(wanted)) => Some(found.cmp(wanted)),
        (Value::Bool(found), Value::Bool(wanted)) => Some(found.cmp(wanted)),
        (found, wanted) => found.as_f64()?.partial_cmp(&wanted.as_f64()?),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_operator_selects_by_an_attribute() {
        let attributes = json!({ "year": 2024, "team": "docs", "public": true });
        for (operator, value, expected) in [
            ("eq", json!(2024.0), true),
            ("eq", json!("2024"), false),
            ("ne", json!(2023), true),
            ("gt", json!(2023), true),
            ("gt", json!(2024), false),
            ("gte", json!(2024), true),
            ("lt", json!(2024), false),
            ("lte", json!(2024), true),
            ("in", json!([2023, 2024]), true),
            ("nin", json!([2023, 2024]), false),
        ] {
            let filter = json!({ "type": operator, "key": "year", "value": value });
            assert_eq!(matches(&filter, &attributes), expected, "{filter}");
        }
        let eq = |key: &str, value: Value| json!({ "type": "eq", "key": key, "value": value });
        assert!(matches(&eq("team", json!("docs")), &attributes));
        assert!(matches(&eq("public", json!(true)), &attributes));
        assert!(!matches(&eq("missing", json!("docs")), &attributes));
        let ne = json!({ "type": "ne", "key": "missing", "value": 1 });
        assert!(matches(&ne, &attributes));
    }

    #[test]
    fn filters_are_combined() {
        let attributes = json!({ "year": 2024, "team": "docs" });
        let eq = |key: &str, value: Value| json!({ "type": "eq", "key": key, "value": value });
        let both = [eq("year", json!(2024)), eq("team", json!("code"))];
        let all = json!({ "type": "and", "filters": both });
        let any = json!({ "type": "or", "filters": [all, both[0]] });
        assert!(!matches(&all, &attributes));
        assert!(matches(&any, &attributes));
        assert!(matches(&Value::Null, &attributes));
    }
}
