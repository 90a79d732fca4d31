//! Normalizes a JSON Schema: merges `allOf` and what is beside a reference or a union.

use serde_json::{Value, json};

use crate::error::core::Result;
use crate::tools::schema::keywords::{Keywords, any_of, has_type, merge, supported};
use crate::tools::schema::normalized::{Normalized, required};
use crate::tools::schema::reference::{DEFINITIONS, decode_name, resolve};
use crate::tools::schema::unsupported::{error, not_strict, untyped};

/// The API accepts 10 levels and 5,000 properties. A larger schema is recursive once its
/// references are inlined.
const MAX_DEPTH: usize = 64;
const MAX_SCHEMAS: usize = 20_000;

impl Normalized {
    /// Normalizes a schema that is to become strict.
    ///
    /// # Errors
    /// The strict subset cannot express the schema. The error names the path.
    pub(crate) fn strict(name: &str, root: &Value) -> Result<Self> {
        normalize(name, root, true)
    }

    /// Normalizes a schema that need not be strict. Parts that cannot be merged accept any value.
    pub(crate) fn lenient(root: &Value) -> Self {
        normalize("", root, false).unwrap_or(Self(true.into()))
    }
}

fn normalize(name: &str, root: &Value, is_strict: bool) -> Result<Normalized> {
    let mut normalizer = Normalizer {
        root,
        is_strict,
        depth: 0,
        schemas: 0,
        pending: Vec::new(),
    };
    let mut schema = normalizer.definition("#", name)?;
    let mut definitions = Keywords::new();
    while let Some(name) = normalizer.pending.pop() {
        if !definitions.contains_key(&decode_name(&name)) {
            let definition = normalizer.definition(&format!("{DEFINITIONS}{name}"), &name)?;
            definitions.insert(decode_name(&name), definition);
        }
    }
    if !definitions.is_empty() && schema.is_object() {
        schema["$defs"] = definitions.into();
    }
    Ok(Normalized(schema))
}

/// The state of a normalization.
///
/// Its methods take paths such as `Trip.stops[].city` for errors.
struct Normalizer<'a> {
    root: &'a Value,
    /// Whether a schema that the strict subset cannot express is an error.
    is_strict: bool,
    /// The nesting depth of the schema at hand.
    depth: usize,
    /// The number of schemas normalized so far.
    schemas: usize,
    /// Referenced definitions that are not normalized yet, possibly with duplicates.
    pending: Vec<String>,
}

impl Normalizer<'_> {
    /// Normalizes the schema that a reference points to.
    fn definition(&mut self, reference: &str, path: &str) -> Result<Value> {
        let definition = self.referenced(reference, path);
        let definition = definition.and_then(|schema| self.inline(schema, path));
        self.or_any(definition)
    }

    /// Normalizes a property, an item or a value of a map.
    fn part(&mut self, schema: Value, path: &str) -> Result<Value> {
        let schema = supported(schema, path, self.is_strict);
        let part = schema.and_then(|schema| self.convert(schema, path));
        self.or_any(part)
    }

    fn or_any(&self, schema: Result<Value>) -> Result<Value> {
        match schema {
            Err(_) if !self.is_strict => Ok(true.into()),
            schema => schema,
        }
    }

    /// Normalizes a schema. A reference stays one, alone or with a description.
    ///
    /// The strict subset allows no description beside a reference.
    fn convert(&mut self, mut schema: Keywords, path: &str) -> Result<Value> {
        if let Some(Value::String(reference)) = schema.get("$ref")
            && schema.len() == 1 + usize::from(schema.contains_key("description"))
        {
            resolve(self.root, reference, path)?;
            let name = reference.strip_prefix(DEFINITIONS);
            self.pending.extend(name.map(str::to_owned));
            let plain = json!({ "$ref": reference });
            return Ok(match schema.remove("description") {
                Some(description) => any_of(vec![plain], Some(description)),
                None => plain,
            });
        }
        self.inline(schema, path)
    }

    /// Normalizes a schema and inlines its reference.
    fn inline(&mut self, schema: Keywords, path: &str) -> Result<Value> {
        if self.depth == MAX_DEPTH || self.schemas == MAX_SCHEMAS {
            let problem = "is too large or recurses too deeply";
            return Err(not_strict(path, problem, "use a simpler type"));
        }
        self.depth += 1;
        self.schemas += 1;
        let normalized = self.combine(schema, path);
        self.depth -= 1;
        normalized
    }

    /// Resolves one of the keywords that combine schemas, and normalizes the result.
    fn combine(&mut self, mut schema: Keywords, path: &str) -> Result<Value> {
        if let Some(Value::String(reference)) = schema.remove("$ref") {
            merge(&mut schema, self.referenced(&reference, path)?, path)?;
            return self.inline(schema, path);
        }
        // `allOf` is the last, because merging adds to it.
        for keyword in ["anyOf", "oneOf", "allOf"] {
            if let Some(Value::Array(members)) = schema.remove(keyword) {
                if keyword != "allOf" && members.len() > 1 {
                    return self.union(members, schema, path);
                }
                for member in members {
                    merge(&mut schema, supported(member, path, self.is_strict)?, path)?;
                }
                return self.convert(schema, path);
            }
        }
        self.without_combinators(schema, path)
    }

    /// Normalizes a union.
    ///
    /// The keywords beside it are merged into each member, since schemars
    /// describes an enum that is flattened into a struct that way. The description stays outside.
    fn union(&mut self, members: Vec<Value>, mut common: Keywords, path: &str) -> Result<Value> {
        let description = common.remove("description");
        let mut normalized = Vec::new();
        for member in members {
            let mut schema = common.clone();
            merge(&mut schema, supported(member, path, self.is_strict)?, path)?;
            normalized.push(self.convert(schema, path)?);
        }
        Ok(any_of(normalized, description))
    }

    /// Normalizes a schema that does not combine others.
    fn without_combinators(&mut self, mut schema: Keywords, path: &str) -> Result<Value> {
        if self.is_strict && !schema.contains_key("type") {
            return Err(untyped(path));
        }
        // Beside another type, items restrict nothing.
        let items = schema.remove("items");
        let types = schema.get("type");
        if has_type(types, "array") || types.is_none() && items.is_some() {
            let items = self.part(items.unwrap_or_default(), &format!("{path}[]"))?;
            schema.insert("items".to_owned(), items);
        }
        if has_type(schema.get("type"), "object") {
            schema.entry("properties").or_insert_with(|| json!({}));
        }
        if let Some(values) = schema.get_mut("additionalProperties")
            && *values != false
        {
            *values = self.part(values.take(), path)?;
        }
        for keyword in ["properties", "patternProperties", "prefixItems"] {
            match schema.get_mut(keyword) {
                Some(Value::Object(properties)) => {
                    for (name, property) in properties {
                        *property = self.part(property.take(), &format!("{path}.{name}"))?;
                    }
                }
                Some(Value::Array(items)) => {
                    for item in items {
                        *item = self.part(item.take(), path)?;
                    }
                }
                _ => {}
            }
        }
        let schema = Value::from(schema);
        let is_missing = |name: &&str| schema["properties"].get(name).is_none();
        if let Some(name) = required(&schema).find(is_missing)
            && self.is_strict
        {
            let problem = format!("requires `{name}` and has no such property");
            return Err(error(
                path,
                format_args!("{problem}: add it to `properties`"),
            ));
        }
        Ok(schema)
    }

    /// Returns the supported keywords of the schema that a reference points to.
    fn referenced(&self, reference: &str, path: &str) -> Result<Keywords> {
        let schema = resolve(self.root, reference, path)?.clone();
        supported(schema, path, self.is_strict)
    }
}
