//! The archive: a folder with a file of JSON lines, and the content of files.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, Write};
use std::path::{Path, PathBuf};

use openai_assistants::Json;
use serde::{Deserialize, Serialize};

/// A line: an object, or the end of a unit.
#[derive(Deserialize, Serialize)]
pub struct Line {
    /// What is exported as a whole: a list such as `assistants`, or the ID of a thread.
    pub unit: String,
    /// The list that the object belongs to, such as `/threads/thread_1/messages`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub list: String,
    /// The object as received. None at the end of the unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<Json>,
}

/// An archive that is written unit by unit.
pub struct Archive {
    folder: PathBuf,
    lines: File,
    finished: HashSet<String>,
}

impl Archive {
    /// Opens an archive. What was written of an unfinished unit is removed.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder.join("files"))?;
        let path = folder.join("objects.jsonl");
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut lines = options.open(path)?;
        let mut finished = HashSet::new();
        let (mut offset, mut end) = (0, 0);
        let mut reader = BufReader::new(&lines);
        let mut text = Vec::new();
        while reader.read_until(b'\n', &mut text)? > 0 {
            offset += text.len() as u64;
            // The last line may be cut.
            let line = serde_json::from_slice::<Line>(&text);
            if let Ok(Line {
                unit, object: None, ..
            }) = line
                && text.ends_with(b"\n")
            {
                finished.insert(unit);
                end = offset;
            }
            text.clear();
        }
        lines.set_len(end)?;
        lines.seek(io::SeekFrom::Start(end))?;
        Ok(Self {
            folder: folder.to_owned(),
            lines,
            finished,
        })
    }

    pub fn has(&self, unit: &str) -> bool {
        self.finished.contains(unit)
    }

    /// Where the content of a file is.
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

/// Where the content of a file is in the folder of an archive.
pub fn content(folder: &Path, file_id: &str) -> PathBuf {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    let name = file_id.replace(|character| !is_plain(character), "_");
    folder.join("files").join(name)
}

/// Reads the objects of an archive, in the order in which they were written.
pub fn read(folder: &Path) -> io::Result<Vec<Line>> {
    let lines = BufReader::new(File::open(folder.join("objects.jsonl"))?).lines();
    let lines = lines.map(|line| Ok(serde_json::from_str(&line?)?));
    let lines: io::Result<Vec<Line>> = lines.collect();
    Ok(lines?
        .into_iter()
        .filter(|line| line.object.is_some())
        .collect())
}
