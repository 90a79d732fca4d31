//! The map of old to new IDs, with a line before and after the creation of each object.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use serde_json::Value;

/// The file has a line `["old"]` before an object is created, and then `["old","new"]`, or `[]` after a rejection.
pub struct Ids {
    map: HashMap<String, String>,
    /// The object that was being created when the last restore was interrupted.
    interrupted: Option<String>,
    file: File,
}

impl Ids {
    /// Opens a map. An incomplete last line is removed.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path)?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64)?;
        file.seek(io::SeekFrom::End(0))?;
        let (mut map, mut interrupted) = (HashMap::new(), None);
        for line in text[..whole].lines() {
            let ids: Vec<String> = serde_json::from_str(line)?;
            interrupted = None;
            match &ids[..] {
                [old] => interrupted = Some(old.clone()),
                [old, new] => drop(map.insert(old.clone(), new.clone())),
                _ => {}
            }
        }
        Ok(Self {
            map,
            interrupted,
            file,
        })
    }

    pub fn get(&self, old: &str) -> Option<&str> {
        self.map.get(old).map(String::as_str)
    }

    pub fn is_new(&self, id: &str) -> bool {
        self.map.values().any(|new| new == id)
    }

    pub fn was_interrupted(&self, old: &str) -> bool {
        self.interrupted.as_deref() == Some(old)
    }

    /// Records that an object is about to be created.
    pub fn begin(&mut self, old: &str) -> io::Result<()> {
        self.write(&[old])
    }

    /// Records that the object was rejected.
    pub fn reject(&mut self) -> io::Result<()> {
        self.write(&[])
    }

    pub fn insert(&mut self, old: &str, new: &str) -> io::Result<()> {
        self.write(&[old, new])?;
        self.map.insert(old.to_owned(), new.to_owned());
        Ok(())
    }

    fn write(&mut self, ids: &[&str]) -> io::Result<()> {
        let line = serde_json::to_string(ids)? + "\n";
        self.file.write_all(line.as_bytes())
    }

    /// Replaces all old IDs in a request body. Removes references to files and vector stores that have
    /// no new ID, and returns them.
    pub fn translate(&self, body: &mut Value) -> Vec<String> {
        let mut removed = Vec::new();
        self.remove(body, &mut removed);
        self.replace(body);
        removed
    }

    fn remove(&self, value: &mut Value, removed: &mut Vec<String>) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.remove(item, removed)),
            Value::Object(map) => {
                for (name, value) in map {
                    let reference = match name.as_str() {
                        "file_ids" | "vector_store_ids" => "",
                        "attachments" => "/file_id",
                        "content" => "/image_file/file_id",
                        _ => {
                            self.remove(value, removed);
                            continue;
                        }
                    };
                    let Value::Array(items) = value else { continue };
                    items.retain(|item| {
                        let id = item.pointer(reference).and_then(Value::as_str);
                        let lost = id.filter(|id| self.get(id).is_none());
                        removed.extend(lost.map(str::to_owned));
                        lost.is_none()
                    });
                }
            }
            _ => {}
        }
    }

    fn replace(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(new) = self.map.get(text) {
                    new.clone_into(text);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.replace(item)),
            Value::Object(map) => map.values_mut().for_each(|value| self.replace(value)),
            _ => {}
        }
    }
}
