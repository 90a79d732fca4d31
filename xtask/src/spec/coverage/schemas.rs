//! Compares schemas: types, values, properties, and members of unions.

use std::collections::HashSet;

use openai_assistants_codegen::ESSENTIAL;
use serde_json::Value;

use super::report::Finding;
use crate::spec::schema::{self, Kind, Schemas, kind};

/// Names of discriminators, by preference.
const TAGS: [&str; 2] = ["type", "event"];

/// Whether the client sends or receives a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Direction {
    Request,
    Response,
}

/// The schemas of both documents, and the differences so far.
pub(super) struct Comparison<'a> {
    pub(super) server: &'a Schemas,
    pub(super) ours: &'a Schemas,
    pub(super) findings: Vec<Finding>,
    /// The compared pairs. Each is reported where it occurs first.
    seen: Pairs,
    /// The compared pairs of objects, which may be members of several unions.
    seen_objects: Pairs,
}

type Pairs = HashSet<(*const Value, *const Value, Direction)>;

impl<'a> Comparison<'a> {
    pub(super) fn new(server: &'a Schemas, ours: &'a Schemas) -> Self {
        Self {
            server,
            ours,
            findings: Vec::new(),
            seen: Pairs::new(),
            seen_objects: Pairs::new(),
        }
    }

    pub(super) fn find(&mut self, place: &str, what: impl Into<String>) {
        let finding = Finding {
            place: place.to_owned(),
            what: what.into(),
        };
        // Members of a union may lack the same.
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// Compares a schema of the server to ours.
    pub(super) fn compare(
        &mut self,
        server: &Value,
        ours: &Value,
        place: &str,
        direction: Direction,
    ) {
        let server = schema::target(server, self.server).1;
        let ours = schema::target(ours, self.ours).1;
        if !self.seen.insert((server, ours, direction)) {
            return;
        }
        let theirs = leaves(server, self.server, 0);
        let own = leaves(ours, self.ours, 0);
        self.compare_strings(&theirs, &own, place);
        self.compare_objects(&theirs, &own, place, direction);
        for leaf in &theirs {
            let json_type = json_type(leaf);
            let mut same = own.iter().filter(|other| accepts(other, leaf));
            match (kind(leaf), same.next()) {
                (Some(Kind::Object), _) => {}
                (Some(Kind::Array), Some(other)) => {
                    let place = format!("{place}[]");
                    self.compare(&leaf["items"], &other["items"], &place, direction);
                }
                (Some(Kind::Map), Some(other)) => {
                    let values = (
                        &leaf["additionalProperties"],
                        &other["additionalProperties"],
                    );
                    if let (Value::Object(_), Value::Object(_)) = values {
                        self.compare(values.0, values.1, &format!("{place}.*"), direction);
                    }
                }
                (_, Some(_)) => {}
                (_, None) => self.find(place, format!("lacks the JSON type {json_type}")),
            }
        }
    }

    /// An open string on the server is covered by an enum: unknown values are kept.
    fn compare_strings(&mut self, theirs: &[&Value], own: &[&Value], place: &str) {
        let own: Vec<&&Value> = own
            .iter()
            .filter(|leaf| json_type(leaf) == "string")
            .collect();
        if own.iter().any(|leaf| leaf.get("enum").is_none()) {
            return;
        }
        let known: Vec<&Value> = own.iter().flat_map(|leaf| values(leaf)).collect();
        let strings = theirs.iter().filter(|leaf| json_type(leaf) == "string");
        for value in strings.flat_map(|leaf| values(leaf)) {
            if !own.is_empty() && !known.contains(&value) {
                self.find(place, format!("lacks the value {value}"));
            }
        }
    }

    fn compare_objects(
        &mut self,
        theirs: &[&Value],
        own: &[&Value],
        place: &str,
        direction: Direction,
    ) {
        let is_object = |leaf: &&&Value| kind(leaf) == Some(Kind::Object);
        let theirs: Vec<&Value> = theirs.iter().filter(is_object).copied().collect();
        let objects: Vec<&Value> = own.iter().filter(is_object).copied().collect();
        if objects.is_empty() {
            let is_map = |leaf: &&Value| kind(leaf) == Some(Kind::Map);
            if !theirs.is_empty() && !own.iter().any(is_map) {
                self.find(place, "lacks the JSON type object");
            }
            return;
        }
        let tag = TAGS.into_iter().find(|tag| {
            let has_tag = |leaf: &&Value, schemas| !tags(leaf, tag, schemas).is_empty();
            let is_union = theirs.len() > 1 || objects.len() > 1;
            is_union
                && theirs.iter().all(|leaf| has_tag(leaf, self.server))
                && objects.iter().any(|leaf| has_tag(leaf, self.ours))
        });
        for leaf in theirs {
            let Some(tag) = tag else {
                let common = |other: &&&Value| {
                    let names = schema::properties(leaf);
                    names
                        .filter(|(name, _)| other["properties"].get(name).is_some())
                        .count()
                };
                if let Some(other) = objects.iter().max_by_key(common) {
                    self.compare_properties((leaf, other), None, place, direction);
                }
                continue;
            };
            for value in tags(leaf, tag, self.server) {
                let member = objects
                    .iter()
                    .find(|other| tags(other, tag, self.ours).contains(&value));
                match member {
                    Some(other) => {
                        let place = format!("{place}<{value}>");
                        self.compare_properties((leaf, other), Some(tag), &place, direction);
                    }
                    None => self.find(place, format!("lacks the member {value}")),
                }
            }
        }
    }

    /// Compares two objects. The tag, if any, has been compared.
    fn compare_properties(
        &mut self,
        (server, ours): (&Value, &Value),
        tag: Option<&str>,
        place: &str,
        direction: Direction,
    ) {
        if !self.seen_objects.insert((server, ours, direction)) {
            return;
        }
        let is_tag = |name: &str| Some(name) == tag;
        for (name, property) in schema::properties(server).filter(|(name, _)| !is_tag(name)) {
            let Some(other) = ours["properties"].get(name) else {
                self.find(place, format!("lacks the property {name}"));
                continue;
            };
            let place = format!("{place}.{name}");
            let may_be_null = property["nullable"] == true;
            match direction {
                Direction::Request if may_be_null && other["nullable"] != true => {
                    self.find(&place, "does not allow null");
                }
                Direction::Response
                    if self.is_essential(ours, name)
                        && (may_be_null || !schema::requires(server, name)) =>
                {
                    self.find(&place, "may not be missing or null");
                }
                _ => {}
            }
            self.compare(property, other, &place, direction);
        }
        for (name, _) in schema::properties(ours).filter(|(name, _)| !is_tag(name)) {
            let is_stricter = match direction {
                Direction::Request => {
                    schema::requires(ours, name) && !schema::requires(server, name)
                }
                Direction::Response => {
                    self.is_essential(ours, name) && server["properties"].get(name).is_none()
                }
            };
            if is_stricter {
                self.find(place, format!("requires the property {name}"));
            }
        }
    }

    /// Whether the client rejects a response without the property.
    fn is_essential(&self, ours: &Value, name: &str) -> bool {
        let property = &ours["properties"][name];
        let (_, target) = schema::target(property, self.ours);
        let is_essential = match kind(target) {
            Some(Kind::Constant | Kind::Array | Kind::Map) => false,
            Some(Kind::Object | Kind::Union) => true,
            _ => ESSENTIAL.contains(&name),
        };
        is_essential && schema::requires(ours, name) && property["nullable"] != true
    }
}

/// The members of a union, or the schema itself. References and nested unions are resolved.
fn leaves<'b>(schema: &'b Value, schemas: &'b Schemas, depth: usize) -> Vec<&'b Value> {
    let (_, schema) = schema::target(schema, schemas);
    match schema.get("oneOf").and_then(Value::as_array) {
        // The limit ends the recursion of a union that contains itself.
        Some(branches) if depth < 8 => branches
            .iter()
            .flat_map(|branch| leaves(branch, schemas, depth + 1))
            .collect(),
        _ => vec![schema],
    }
}

fn json_type(leaf: &Value) -> &str {
    leaf["type"].as_str().unwrap_or("any")
}

/// Whether our type accepts all values of the server's. Timestamps may have a fraction.
fn accepts(ours: &Value, server: &Value) -> bool {
    match (json_type(server), json_type(ours)) {
        ("integer", "number") => true,
        ("number", "integer") => ours["format"] == "unixtime",
        (server, ours) => server == ours,
    }
}

fn values(leaf: &Value) -> impl Iterator<Item = &Value> {
    leaf["enum"].as_array().into_iter().flatten()
}

/// The values of a discriminator.
fn tags<'b>(object: &'b Value, tag: &str, schemas: &'b Schemas) -> Vec<&'b str> {
    let tag = &object["properties"][tag];
    let (_, tag) = schema::target(tag, schemas);
    values(tag).filter_map(Value::as_str).collect()
}
