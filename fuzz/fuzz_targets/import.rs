//! The importer and overlays on broken documents.
//!
//! An input is an upstream document and, on further lines, overlays. What is imported can be imported again,
//! and becomes a client.

#![no_main]

use std::path::PathBuf;
use std::{env, fs, process};

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use openai_assistants_codegen::{self as codegen, Module, Options, document};
use openai_assistants_fuzz::json_mutator;
use xtask::spec;

/// A folder of this process, in memory where the system has one.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let memory = PathBuf::from("/dev/shm");
        let parent = if memory.is_dir() {
            memory
        } else {
            env::temp_dir()
        };
        let path = parent.join(format!("openai-assistants-fuzz-{}", process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).expect("the file is written");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

thread_local! {
    static FOLDER: Folder = Folder::new();
}

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = str::from_utf8(data) {
        FOLDER.with(|folder| import(folder, text));
    }
});

fn import(folder: &Folder, text: &str) {
    let mut lines = text.split('\n');
    let upstream = folder.write("upstream.json", lines.next().unwrap_or_default());
    let overlays: Vec<PathBuf> = lines
        .take(3)
        .zip(["a.json", "b.json", "c.json"])
        .map(|(line, name)| folder.write(name, line))
        .collect();
    let _ = spec::import::show_lowered(&upstream, &overlays);
    let output = folder.0.join("output.yaml");
    let none = folder.0.join("none.yaml");
    let _ = fs::remove_file(&output);
    if let Err(error) = spec::import::run(&upstream, &overlays, &output, &none) {
        let _ = error.to_string();
        return;
    }
    let imported = fs::read_to_string(&output).expect("it is written");
    let again = folder.0.join("again.yaml");
    let _ = fs::remove_file(&again);
    let summary = spec::import::run(&output, &[], &again, &none);
    assert!(summary.is_ok(), "{}", summary.err().expect("an error"));
    let again = fs::read_to_string(&again).expect("it is written");
    assert_eq!(again, imported, "a second import changes the document");
    let report = spec::diff::run(&output, &upstream, &overlays).expect("it can be compared");
    assert!(!report.has_changes(), "{report}");
    let canonical = document::parse(&imported).expect("the document is written as YAML");
    let options = Options {
        module: Module::Root,
        mocks: true,
    };
    codegen::generate(&canonical, options).expect("the import has checked it");
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    json_mutator::mutate(data, size, max_size, seed)
});
