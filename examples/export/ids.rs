//! The map of old to new IDs, which is written with every object that is created.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use serde_json::Value;

pub struct Ids {
    map: HashMap<String, String>,
    file: File,
}

impl Ids {
    /// Opens a map. A line that is cut is removed.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path)?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64)?;
        file.seek(io::SeekFrom::End(0))?;
        let pairs = text[..whole].lines().map(serde_json::from_str);
        let map: serde_json::Result<_> = pairs.collect();
        Ok(Self { map: map?, file })
    }

    pub fn get(&self, old: &str) -> Option<&str> {
        self.map.get(old).map(String::as_str)
    }

    pub fn insert(&mut self, old: &str, new: &str) -> io::Result<()> {
        let line = serde_json::to_string(&(old, new))? + "\n";
        self.file.write_all(line.as_bytes())?;
        self.map.insert(old.to_owned(), new.to_owned());
        Ok(())
    }

    /// Replaces all old IDs in a value.
    pub fn replace(&self, value: &mut Value) {
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
