//! Mutates the JSON lines of an input: bytes alone rarely leave JSON that is valid.

use serde_json::{Map, Value, json};

/// Mutates one JSON line of an input in place, or its bytes. Returns the new length.
///
/// For `fuzz_mutator!`, whose arguments these are.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut random = Random(u64::from(seed));
    if random.below(5) > 0
        && let Some(mutated) = mutated(&data[..size], &mut random)
        && mutated.len() <= max_size.min(data.len())
    {
        data[..mutated.len()].copy_from_slice(&mutated);
        return mutated.len();
    }
    libfuzzer_sys::fuzzer_mutate(data, size, max_size)
}

fn mutated(data: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let text = str::from_utf8(data).ok()?;
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let parsed = lines.iter().map(|line| serde_json::from_str(line).ok());
    let parsed: Vec<Option<Value>> = parsed.collect();
    let candidates: Vec<usize> = (0..lines.len())
        .filter(|at| parsed[*at].is_some())
        .collect();
    let at = *candidates.get(random.below(candidates.len()))?;
    if random.below(12) == 0 {
        // A line is left out, or comes twice.
        match random.below(2) {
            0 if lines.len() > 2 => drop(lines.remove(at)),
            _ => lines.insert(at, lines[at].clone()),
        }
        return Some(lines.join("\n").into_bytes());
    }
    let mut material = Material::default();
    parsed
        .iter()
        .flatten()
        .for_each(|value| material.add(value));
    let mut value = parsed[at].clone()?;
    for _ in 0..=random.below(3) {
        let mut nodes = count(&value);
        nodes = random.below(nodes);
        change(&mut value, &mut nodes, &material, random);
    }
    lines[at] = value.to_string();
    Some(lines.join("\n").into_bytes())
}

/// Values and names of the input, for use in other places.
#[derive(Default)]
struct Material {
    values: Vec<Value>,
    names: Vec<String>,
}

impl Material {
    fn add(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.add(item)),
            Value::Object(properties) => {
                for (name, value) in properties {
                    self.names.push(name.clone());
                    self.add(value);
                }
            }
            _ => {}
        }
        self.values.push(value.clone());
    }

    fn value(&self, random: &mut Random) -> Value {
        match random.below(2) {
            0 => self.values[random.below(self.values.len())].clone(),
            _ => constant(random),
        }
    }

    fn name(&self, random: &mut Random) -> String {
        match self.names.get(random.below(self.names.len() + 2)) {
            Some(name) => name.clone(),
            None => ["type", "index", "id", "object", "", "self", "$ref", "a b"][random.below(8)]
                .to_owned(),
        }
    }
}

fn constant(random: &mut Random) -> Value {
    let constants = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(-1),
        json!(1001),
        json!(1.5),
        json!(1.0),
        json!(1e300),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(""),
        json!("a"),
        json!("\u{0}\u{feff}\u{10ffff}\"\\"),
        json!("x".repeat(70)),
        json!([]),
        json!([null]),
        json!({}),
        json!({ "type": null }),
        json!({ "error": "a" }),
    ];
    constants[random.below(constants.len())].clone()
}

/// The number of values, this one included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(properties) => properties.values().map(count).sum(),
        _ => 0,
    }
}

/// Changes the value at this position in the order of the text.
fn change(
    value: &mut Value,
    position: &mut usize,
    material: &Material,
    random: &mut Random,
) -> bool {
    if *position == 0 {
        change_this(value, material, random);
        return true;
    }
    *position -= 1;
    match value {
        Value::Array(items) => items
            .iter_mut()
            .any(|item| change(item, position, material, random)),
        Value::Object(properties) => properties
            .values_mut()
            .any(|property| change(property, position, material, random)),
        _ => false,
    }
}

fn change_this(value: &mut Value, material: &Material, random: &mut Random) {
    match (random.below(6), value) {
        (0 | 1, Value::Array(items)) if !items.is_empty() => {
            let at = random.below(items.len());
            match random.below(3) {
                0 => drop(items.remove(at)),
                1 => items.insert(at, items[at].clone()),
                _ => items.push(material.value(random)),
            }
        }
        (0..=3, Value::Object(properties)) => {
            let names: Vec<String> = properties.keys().cloned().collect();
            let name = names.get(random.below(names.len())).cloned();
            match (random.below(3), name) {
                (0, Some(name)) => drop(properties.remove(&name)),
                (1, Some(name)) => {
                    let renamed = material.name(random);
                    let rename = |(key, value)| match key == name {
                        true => (renamed.clone(), value),
                        false => (key, value),
                    };
                    *properties = std::mem::take(properties).into_iter().map(rename).collect();
                }
                _ => drop(properties.insert(material.name(random), material.value(random))),
            }
        }
        (4, value) => {
            let inner = value.take();
            *value = match random.below(2) {
                0 => vec![inner].into(),
                _ => Map::from_iter([(material.name(random), inner)]).into(),
            };
        }
        (_, value) => *value = material.value(random),
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    /// A number below the limit, or 0.
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as usize % limit.max(1)
    }
}
