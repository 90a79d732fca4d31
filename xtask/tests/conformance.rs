//! Tests the command `cargo xtask conformance` without its mock server.

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

/// A folder that replaces the repository, and the only folder in `PATH`.
struct Folder {
    root: PathBuf,
    programs: PathBuf,
}

impl Folder {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance");
        let _ = fs::remove_dir_all(&root);
        let programs = root.join("programs");
        fs::create_dir_all(&programs).unwrap();
        fs::write(root.join("openapi.yaml"), DOCUMENT).unwrap();
        let folder = Self { root, programs };
        folder.add_program("cargo", "exit 0");
        folder
    }

    fn add_program(&self, program: &str, script: &str) {
        let path = self.programs.join(program);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Returns the exit code and the last line of the output.
    fn conformance(&self) -> (Option<i32>, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .env("CARGO_MANIFEST_DIR", self.root.join("xtask"))
            .env("CARGO", self.programs.join("cargo"))
            .env("PATH", &self.programs)
            .arg("conformance")
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

/// A single test: a script cannot be executed while another process has it open for writing.
#[test]
fn it_is_skipped_without_node_or_npm_and_reports_errors_of_npm() {
    let folder = Folder::new();
    let skipped = (
        Some(0),
        "skipped: the mock server requires node and npm, which are not installed".to_owned(),
    );
    assert_eq!(folder.conformance(), skipped);
    folder.add_program("npm", "exit 0");
    assert_eq!(folder.conformance(), skipped);

    folder.add_program("node", "exit 0");
    let (code, text) = folder.conformance();
    assert_eq!(code, Some(1));
    assert!(
        text.ends_with("has no executable for this platform"),
        "{text}"
    );

    folder.add_program("npm", "echo 'npm error code E404' >&2; exit 1");
    let (code, text) = folder.conformance();
    assert_eq!(code, Some(1));
    assert!(text.starts_with("error: npm cannot install "), "{text}");
    assert!(text.ends_with(": npm error code E404"), "{text}");
}
