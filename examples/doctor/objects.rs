//! The objects that calls can be made on: only those that were created here, and what they contain.

use serde_json::Value;

use crate::document::Call;
use crate::options::Options;

/// The path parameters of an object with their values, such as its thread and its own ID.
pub type Ids = Vec<(&'static str, String)>;

/// The ID of an object that does not exist.
pub const MADE_UP: &str = "doctor-made-this-up";

#[derive(Clone)]
pub struct Object {
    /// The path parameter that takes its ID.
    pub kind: &'static str,
    pub ids: Ids,
    /// As it was last received.
    pub value: Value,
    /// The metadata that was last sent.
    pub metadata: Option<Value>,
}

/// The object that a path identifies.
pub struct Target {
    pub ids: Ids,
    /// Whether the object exists, and the assistant that the body names.
    pub exists: bool,
}

impl Object {
    /// Whether the path of a call identifies it. A file of a vector store is another object than the
    /// file that was uploaded, although both paths end with its ID.
    fn is_on(&self, call: &Call) -> bool {
        call.parameters().eq(self.ids.iter().map(|(name, _)| *name))
    }
}

#[derive(Default)]
pub struct Objects {
    created: Vec<Object>,
    /// What lists of created threads and runs contain. It is only read.
    contained: Vec<Object>,
}

impl Objects {
    /// Records an object that was created here. Replaces the one with the same IDs.
    pub fn put(&mut self, object: Object) {
        match self
            .created
            .iter_mut()
            .find(|known| known.ids == object.ids)
        {
            Some(known) => *known = object,
            None => self.created.push(object),
        }
    }

    /// Records an item of a list whose path identifies a created object.
    pub fn put_contained(&mut self, object: Object) {
        self.contained.push(object);
    }

    /// All created objects of a kind, oldest first.
    pub fn of(&self, kind: &str) -> impl DoubleEndedIterator<Item = &Object> {
        self.created
            .iter()
            .filter(move |object| object.kind == kind)
    }

    /// All created objects that the path of a call identifies, oldest first.
    pub fn on_path(&self, call: &Call) -> impl DoubleEndedIterator<Item = &Object> {
        self.created.iter().filter(|object| object.is_on(call))
    }

    /// The newest created object of a kind.
    pub fn newest(&self, kind: &str) -> Option<&Object> {
        self.of(kind).next_back()
    }

    pub fn newest_mut(&mut self, kind: &str) -> Option<&mut Object> {
        let mut newest = self.created.iter_mut().rev();
        newest.find(|object| object.kind == kind)
    }

    /// The object that a call is made on: the newest of its kind.
    pub fn target(&self, call: &Call, options: &Options) -> Target {
        let properties = call.body.as_ref().map_or(&[][..], |body| body.properties);
        let needs_assistant = properties.contains(&"assistant_id");
        let has_body = !needs_assistant || self.newest("assistant_id").is_some();
        if call.subject().is_none() {
            return Target {
                ids: Vec::new(),
                exists: has_body,
            };
        }
        let mut contained = self.contained.iter().rev();
        let contained = contained.find(|object| object.is_on(call));
        let contained = contained.filter(|_| call.method == "GET");
        if let Some(object) = self.on_path(call).next_back().or(contained) {
            return Target {
                ids: object.ids.clone(),
                exists: has_body,
            };
        }
        let known = |name: &str| match name {
            // The caller's file is only read.
            "file_id" => options.file.clone().filter(|_| call.method == "GET"),
            _ => self.newest(name).map(|object| id(&object.ids, name)),
        };
        let ids: Vec<_> = call.parameters().map(|name| (name, known(name))).collect();
        Target {
            exists: has_body && ids.iter().all(|(_, id)| id.is_some()),
            ids: ids
                .into_iter()
                .map(|(name, id)| (name, id.unwrap_or_else(|| MADE_UP.to_owned())))
                .collect(),
        }
    }
}

/// The value of a path parameter.
pub fn id(ids: &[(&'static str, String)], name: &str) -> String {
    let id = ids.iter().find(|(known, _)| *known == name);
    id.map_or_else(|| MADE_UP.to_owned(), |(_, id)| id.clone())
}
