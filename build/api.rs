//! What the generator has to know of a document: its operations and what kind of
//! type each of its schemas becomes.

use std::collections::{BTreeMap, BTreeSet};

use heck::{ToSnakeCase, ToUpperCamelCase};
use serde_json::{Map, Value};

use super::{Error, Module};

/// The value of the header `OpenAI-Beta` for a document that does not say.
pub const DEFAULT_BETA: &str = "assistants=v2";

const SCHEMAS: &str = "#/components/schemas/";
const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// A canonical document with its parts named.
pub struct Api<'a> {
    pub document: &'a Value,
    /// Where the client goes.
    pub module: Module,
    pub operations: Vec<Operation<'a>>,
    pub schemas: BTreeMap<&'a str, Schema<'a>>,
    /// The schemas that a request body reaches: callers build these.
    pub requests: BTreeSet<&'a str>,
}

/// One operation of the document.
pub struct Operation<'a> {
    pub id: &'a str,
    pub method: &'a str,
    pub path: &'a str,
    pub description: Option<&'a str>,
    pub parameters: Vec<Parameter<'a>>,
    /// The schema of the request body.
    pub body: Option<&'a str>,
    /// Nothing has to be set in the body.
    pub body_is_optional: bool,
    /// The schema of the response.
    pub response: &'a str,
    /// The schema of the events, for an operation that can answer with a stream.
    pub events: Option<&'a str>,
}

/// A parameter of an operation, in its path or its query.
pub struct Parameter<'a> {
    pub name: &'a str,
    pub description: Option<&'a str>,
    pub is_path: bool,
    pub is_array: bool,
    pub is_required: bool,
    #[cfg(feature = "mock")]
    pub schema: &'a Value,
}

/// A component schema, by the Rust type that it becomes.
pub struct Schema<'a> {
    pub kind: Kind<'a>,
    pub value: &'a Map<String, Value>,
}

/// The Rust type that a schema becomes.
#[derive(Debug, PartialEq)]
pub enum Kind<'a> {
    /// A struct. Its constant is no field: the type writes it.
    Object { constant: Option<Constant<'a>> },
    /// An enum of unit variants and a catch-all that keeps unknown text.
    Strings { values: Vec<&'a str> },
    /// An enum whose variant is chosen by the text of one property.
    Tagged {
        tag: &'a str,
        members: Vec<Member<'a>>,
    },
    /// An enum whose variant is chosen by the JSON type of the value.
    Untagged,
    /// A tagged union over `event` whose members carry `data`: a server-sent event.
    Events { members: Vec<Member<'a>> },
    /// A newtype of JSON that is kept as it came: a free-form object.
    Any,
    /// Anything else: a primitive, an array or a map, behind a newtype.
    Other,
}

/// A property that has one possible value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Constant<'a> {
    pub property: &'a str,
    pub value: &'a str,
}

/// A member of a tagged union: the value of the tag and the schema behind it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Member<'a> {
    pub tag: &'a str,
    pub schema: &'a str,
}

impl<'a> Api<'a> {
    /// Finds the operations and schemas of a document.
    pub fn read(document: &'a Value, module: Module) -> Result<Self, Error> {
        match document["openapi"].as_str() {
            Some(version) if version.starts_with("3.0.") => {}
            Some(version) => {
                return Err(Error::new(
                    "#/openapi",
                    format!("source is made of OpenAPI 3.0, and this is {version}"),
                ));
            }
            None => return Err(Error::new("#/openapi", "this is not an OpenAPI document")),
        }
        let schemas = document["components"]["schemas"]
            .as_object()
            .ok_or_else(|| Error::new("#/components/schemas", "the document has no schemas"))?;
        let schemas = schemas
            .iter()
            .map(|(name, value)| Ok((name.as_str(), Schema::read(name, value)?)))
            .collect::<Result<BTreeMap<_, _>, Error>>()?;
        let operations = operations(document)?;
        let mut api = Self {
            document,
            module,
            operations,
            schemas,
            requests: BTreeSet::new(),
        };
        api.check_references()?;
        api.requests = api.reach(api.operations.iter().filter_map(|operation| operation.body));
        Ok(api)
    }

    /// The value of the header `OpenAI-Beta` for this document.
    pub fn beta(&self) -> &'a str {
        self.recorded_beta().as_str().unwrap_or(DEFAULT_BETA)
    }

    /// What an import found of the header, or null.
    pub fn recorded_beta(&self) -> &'a Value {
        &self.document["info"]["x-source"]["beta"]
    }

    /// The schemas that are reached from the given ones, themselves included.
    pub fn reach(&self, from: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<&str> = from.collect();
        while let Some(name) = waiting.pop() {
            if reached.insert(name)
                && let Some(schema) = self.schemas.get(name)
            {
                references(schema.value.values(), &mut |name| waiting.push(name));
            }
        }
        reached
    }

    /// The list operations: those with an `after` cursor and a page as response.
    pub fn lists(&self) -> impl Iterator<Item = (&Operation<'a>, Page<'a>)> {
        self.operations.iter().filter_map(|operation| {
            let cursor = operation
                .parameters
                .iter()
                .any(|parameter| parameter.name == "after");
            let page = self.page(operation.response)?;
            (operation.method == "get" && cursor).then_some((operation, page))
        })
    }

    /// How a response holds a page of a list, if it does.
    pub fn page(&self, response: &'a str) -> Option<Page<'a>> {
        let properties = self.schemas.get(response)?.value.get("properties")?;
        let item = reference(&properties["data"]["items"])?;
        properties.get("has_more")?;
        let item_properties = self.schemas.get(item)?.value.get("properties")?;
        item_properties.get("id")?;
        Some(Page {
            schema: response,
            item,
            first_id: self.presence(response, "first_id"),
            last_id: self.presence(response, "last_id"),
        })
    }

    /// Whether an object has the property.
    pub fn presence(&self, schema: &str, property: &str) -> Presence {
        let schema = self.schemas[schema].value;
        let Some(definition) = schema.get("properties").and_then(|all| all.get(property)) else {
            return Presence::Never;
        };
        let required = schema.get("required").and_then(Value::as_array);
        let is_required = required.is_some_and(|names| names.iter().any(|name| name == property));
        if is_required && definition["nullable"] != true {
            Presence::Always
        } else {
            Presence::Sometimes
        }
    }

    fn check_references(&self) -> Result<(), Error> {
        let mut dangling = None;
        references([self.document].into_iter(), &mut |name| {
            if !self.schemas.contains_key(name) {
                dangling.get_or_insert(name);
            }
        });
        match dangling {
            Some(name) => Err(Error::new(
                format!("{SCHEMAS}{name}"),
                "the schema is referred to and does not exist",
            )),
            None => Ok(()),
        }
    }
}

/// The response of a list operation.
pub struct Page<'a> {
    pub schema: &'a str,
    pub item: &'a str,
    pub first_id: Presence,
    pub last_id: Presence,
}

/// Whether a property is there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Presence {
    Always,
    Sometimes,
    Never,
}

impl<'a> Schema<'a> {
    fn read(name: &str, value: &'a Value) -> Result<Self, Error> {
        let unusable = |reason: &str| Error::new(format!("{SCHEMAS}{name}"), reason);
        let map = value
            .as_object()
            .ok_or_else(|| unusable("the schema is not an object"))?;
        let kind = if map.contains_key("oneOf") {
            union(map).ok_or_else(|| unusable("its discriminator has no usable mapping"))?
        } else if let Some(values) = map.get("enum") {
            let values = values
                .as_array()
                .and_then(|all| all.iter().map(Value::as_str).collect());
            Kind::Strings {
                values: values.ok_or_else(|| unusable("its enum is not of strings"))?,
            }
        } else if map.contains_key("properties") {
            Kind::Object {
                constant: constant(map),
            }
        } else if map.get("type").is_none_or(|ty| ty == "object")
            && map
                .get("additionalProperties")
                .is_none_or(Value::is_boolean)
        {
            Kind::Any
        } else {
            Kind::Other
        };
        Ok(Self { kind, value: map })
    }
}

fn union(schema: &Map<String, Value>) -> Option<Kind<'_>> {
    let Some(discriminator) = schema.get("discriminator") else {
        return Some(Kind::Untagged);
    };
    let tag = discriminator["propertyName"].as_str()?;
    let mut members = discriminator["mapping"]
        .as_object()?
        .iter()
        .map(|(tag, target)| {
            let schema = target.as_str()?.strip_prefix(SCHEMAS)?;
            Some(Member { tag, schema })
        })
        .collect::<Option<Vec<_>>>()?;
    members.sort_by_key(|member| member.tag);
    Some(match tag {
        "event" => Kind::Events { members },
        _ => Kind::Tagged { tag, members },
    })
}

/// The property that says what an object is. `type` is asked for first: where an
/// object has several constants, that is the one which unions go by.
fn constant(schema: &Map<String, Value>) -> Option<Constant<'_>> {
    let properties = schema.get("properties")?.as_object()?;
    let named = |name: &str| properties.get_key_value(name);
    let tags = named("type").into_iter().chain(named("object"));
    tags.chain(properties).find_map(|(property, schema)| {
        match schema["enum"].as_array()?.as_slice() {
            [Value::String(value)] => Some(Constant { property, value }),
            _ => None,
        }
    })
}

fn operations(document: &Value) -> Result<Vec<Operation<'_>>, Error> {
    let paths = document["paths"]
        .as_object()
        .ok_or_else(|| Error::new("#/paths", "the document has no operations"))?;
    let mut operations = Vec::new();
    for (path, item) in paths {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                operations.push(Operation::read(document, path, method, operation)?);
            }
        }
    }
    if operations.is_empty() {
        return Err(Error::new("#/paths", "the document has no operations"));
    }
    Ok(operations)
}

impl<'a> Operation<'a> {
    fn read(
        document: &'a Value,
        path: &'a str,
        method: &'a str,
        operation: &'a Value,
    ) -> Result<Self, Error> {
        let unusable = |reason: &str| {
            let path = path.replace('~', "~0").replace('/', "~1");
            Error::new(format!("#/paths/{path}/{method}"), reason)
        };
        let parameters = operation["parameters"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let body = json_schema(&operation["requestBody"]);
        Ok(Self {
            id: operation["operationId"]
                .as_str()
                .ok_or_else(|| unusable("the operation has no operationId"))?,
            method,
            path,
            description: operation["description"].as_str(),
            parameters: parameters
                .iter()
                .map(|parameter| Parameter::read(parameter).map_err(|reason| unusable(&reason)))
                .collect::<Result<_, Error>>()?,
            body,
            body_is_optional: body.is_some_and(|body| nothing_is_required(document, body)),
            response: json_schema(&operation["responses"]["200"])
                .ok_or_else(|| unusable("the response 200 is not JSON of a named schema"))?,
            events: reference(&operation["x-event-stream"]),
        })
    }

    /// The name of the method of `Client`, as progenitor makes it.
    pub fn function(&self) -> String {
        self.id.to_snake_case()
    }

    /// The parameters that are part of the path.
    pub fn in_path(&self) -> impl Iterator<Item = &Parameter<'a>> {
        self.parameters.iter().filter(|parameter| parameter.is_path)
    }

    /// The name of the builder, as progenitor makes it.
    pub fn builder(&self) -> String {
        self.id.to_upper_camel_case()
    }
}

impl<'a> Parameter<'a> {
    fn read(parameter: &'a Value) -> Result<Self, String> {
        let name = parameter["name"]
            .as_str()
            .ok_or("one of the parameters has no name")?;
        let is_path = match parameter["in"].as_str() {
            Some("path") => true,
            Some("query") => false,
            _ => {
                return Err(format!(
                    "the parameter `{name}` is neither in the path nor in the query"
                ));
            }
        };
        Ok(Self {
            name,
            description: parameter["description"].as_str(),
            is_path,
            is_array: parameter["schema"]["type"] == "array",
            is_required: parameter["required"] == true,
            #[cfg(feature = "mock")]
            schema: &parameter["schema"],
        })
    }

    /// The name of the builder's method, as progenitor makes it: `include[]` is
    /// `include`, and `type`, which is a keyword, is `type_`.
    pub fn function(&self) -> String {
        let name = self.name.to_snake_case();
        if syn::parse_str::<syn::Ident>(&name).is_ok() {
            name
        } else {
            format!("{name}_")
        }
    }
}

fn nothing_is_required(document: &Value, schema: &str) -> bool {
    let required = document["components"]["schemas"][schema]["required"].as_array();
    required.is_none_or(Vec::is_empty)
}

fn json_schema(body_or_response: &Value) -> Option<&str> {
    reference(&body_or_response["content"]["application/json"]["schema"])
}

/// The name of the component that a schema refers to.
pub fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix(SCHEMAS)
}

/// The name of the Rust type of a component, as typify makes it.
pub fn type_name(schema: &str) -> String {
    schema.to_upper_camel_case()
}

fn references<'a>(values: impl Iterator<Item = &'a Value>, visit: &mut impl FnMut(&'a str)) {
    for value in values {
        match value {
            Value::Object(map) => {
                if let Some(name) = reference(value) {
                    visit(name);
                }
                references(map.values(), visit);
            }
            Value::Array(items) => references(items.iter(), visit),
            _ => {}
        }
    }
}
