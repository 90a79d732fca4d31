//! The archive: a folder with a file of JSON lines, and the content of files.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, Write};
use std::path::{Path, PathBuf};

use openai_assistants::Json;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

/// The units that every complete archive has, besides one for each thread.
pub const UNITS: [&str; 4] = ["assistants", "files", "vector_stores", "threads"];

const OBJECTS: &str = "objects.jsonl";

/// The characters of an ID that are encoded in the name of a file.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// A line: an object, or the end of a unit.
#[derive(Deserialize, Serialize)]
pub struct Line {
    /// A list such as `assistants`, or the ID of a thread. An interrupted export repeats whole units.
    pub unit: String,
    /// The list that the object belongs to, such as `/threads/thread_1/messages`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub list: String,
    /// The object as received. None at the end of the unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<Json>,
}

/// The finished units of an archive.
#[derive(Default)]
pub struct Contents {
    /// The objects, in the order in which they were written.
    pub lines: Vec<Line>,
    finished: HashSet<String>,
    /// The units without an end.
    unfinished: HashSet<String>,
    /// The number of bytes up to the end of the last finished unit.
    length: u64,
}

impl Contents {
    fn read(file: &File) -> io::Result<Self> {
        let mut contents = Self::default();
        let mut reader = BufReader::new(file);
        let (mut text, mut offset) = (Vec::new(), 0);
        let (mut lines, mut is_broken) = (Vec::new(), false);
        while reader.read_until(b'\n', &mut text)? > 0 {
            offset += text.len() as u64;
            match serde_json::from_slice::<Line>(&text) {
                Ok(line) if !text.ends_with(b"\n") => drop(contents.unfinished.insert(line.unit)),
                Ok(line) if line.object.is_some() => lines.push(line),
                Ok(_) if is_broken => {
                    let text = format!("{OBJECTS} has an invalid line before byte {offset}");
                    return Err(io::Error::new(io::ErrorKind::InvalidData, text));
                }
                Ok(end) => {
                    contents.lines.append(&mut lines);
                    contents.finished.insert(end.unit);
                    contents.length = offset;
                }
                // The last line of an interrupted export may be incomplete.
                Err(_) => is_broken = true,
            }
            text.clear();
        }
        let units = lines.into_iter().map(|line| line.unit);
        contents.unfinished.extend(units);
        Ok(contents)
    }

    /// Returns the units that are not finished.
    pub fn missing(&self) -> Vec<&str> {
        let lists = UNITS.into_iter();
        let lists = lists.filter(|unit| !self.finished.contains(*unit));
        let others = self.unfinished.iter().map(String::as_str);
        lists
            .chain(others.filter(|unit| !UNITS.contains(unit)))
            .collect()
    }
}

/// An archive that is written unit by unit.
pub struct Archive {
    folder: PathBuf,
    lines: File,
    finished: HashSet<String>,
}

impl Archive {
    /// Opens an archive. Lines after the last finished unit and partial downloads are removed.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let files = folder.join("files");
        fs::create_dir_all(&files)?;
        for entry in fs::read_dir(files)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(".tmp") {
                fs::remove_file(entry.path())?;
            }
        }
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut lines = options.open(folder.join(OBJECTS))?;
        let contents = Contents::read(&lines)?;
        lines.set_len(contents.length)?;
        lines.seek(io::SeekFrom::Start(contents.length))?;
        Ok(Self {
            folder: folder.to_owned(),
            lines,
            finished: contents.finished,
        })
    }

    pub fn has(&self, unit: &str) -> bool {
        self.finished.contains(unit)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the path of the content of a file.
    pub fn content(&self, file_id: &str) -> PathBuf {
        content(&self.folder, file_id)
    }

    /// Writes the objects of a unit, and its end.
    pub fn finish(&mut self, unit: &str, objects: Vec<(String, Json)>) -> io::Result<()> {
        let lines = objects.into_iter().map(|(list, object)| Line {
            unit: unit.to_owned(),
            list,
            object: Some(object),
        });
        let end = Line {
            unit: unit.to_owned(),
            list: String::new(),
            object: None,
        };
        let mut text = Vec::new();
        for line in lines.chain([end]) {
            let line = serde_json::to_string(&line)?;
            // Line breaks within JSON are white space.
            text.extend(line.replace(['\n', '\r'], " ").into_bytes());
            text.push(b'\n');
        }
        self.lines.write_all(&text)?;
        self.lines.sync_data()?;
        self.finished.insert(unit.to_owned());
        Ok(())
    }
}

/// Returns the path of the content of a file in the folder of an archive.
pub fn content(folder: &Path, file_id: &str) -> PathBuf {
    let name = utf8_percent_encode(file_id, ENCODED).to_string();
    folder.join("files").join(name)
}

/// Reads the finished units of an archive.
pub fn read(folder: &Path) -> io::Result<Contents> {
    Contents::read(&File::open(folder.join(OBJECTS))?)
}
