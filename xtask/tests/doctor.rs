//! `cargo xtask doctor` as seen from outside, as far as the mock it needs is not there.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const DOCUMENT: &str = r"
openapi: 3.1.0
info: {title: Everything, version: 1.2.3}
paths:
  /threads:
    get:
      operationId: getThread
      tags: [Assistants]
      responses: {200: {content: {application/json: {schema: {$ref: '#/components/schemas/ThreadObject'}}}}}
components:
  schemas:
    ThreadObject: {type: object, properties: {id: {type: string}}}
";

/// A folder in the place of the repository, and one with all the programs that there are.
struct Folder {
    root: PathBuf,
    programs: PathBuf,
}

impl Folder {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("doctor");
        let _ = fs::remove_dir_all(&root);
        let programs = root.join("programs");
        fs::create_dir_all(&programs).unwrap();
        fs::write(root.join("openapi.yaml"), DOCUMENT).unwrap();
        let folder = Self { root, programs };
        folder.has("cargo", "exit 0");
        folder
    }

    fn has(&self, program: &str, script: &str) {
        let path = self.programs.join(program);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// The exit code, and what is printed last.
    fn doctor(&self) -> (Option<i32>, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .env("CARGO_MANIFEST_DIR", self.root.join("xtask"))
            .env("CARGO", self.programs.join("cargo"))
            .env("PATH", &self.programs)
            .arg("doctor")
            .output()
            .unwrap();
        let text = match output.status.success() {
            true => output.stdout,
            false => output.stderr,
        };
        let text = String::from_utf8(text).unwrap();
        let last = text.lines().last().unwrap_or_default().to_owned();
        (output.status.code(), last)
    }
}

/// One test: a script that another thread's process has open for writing cannot be run.
#[test]
fn without_node_or_npm_it_is_skipped_and_what_npm_fails_at_is_an_error() {
    let folder = Folder::new();
    let skipped = (
        Some(0),
        "skipped: doctor needs node and npm for its mock, and they are not there".to_owned(),
    );
    assert_eq!(folder.doctor(), skipped);
    folder.has("npm", "exit 0");
    assert_eq!(folder.doctor(), skipped);

    folder.has("node", "exit 0");
    let (code, text) = folder.doctor();
    assert_eq!(code, Some(1));
    assert!(text.ends_with("has no program for this platform"), "{text}");

    folder.has("npm", "echo 'npm error code E404' >&2; exit 1");
    let (code, text) = folder.doctor();
    assert_eq!(code, Some(1));
    assert!(text.starts_with("error: npm cannot install "), "{text}");
    assert!(text.ends_with(": npm error code E404"), "{text}");
}
