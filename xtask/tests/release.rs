//! Tests the command `cargo xtask release` on a small repository, with a stub of Cargo.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const METADATA: &str = r#"{"packages":[{"name":"openai-assistants","version":"0.1.0","publish":null,
"description":"d","license":"MIT","readme":"README.md","rust_version":"1.88","dependencies":[]}]}"#;

/// Prints the metadata. `cargo deny` finds nothing.
const CARGO: &str = "[ \"$1\" != metadata ] || cat metadata.json\n";

/// A folder that replaces the repository.
struct Folder(PathBuf);

impl Folder {
    /// A repository that can be released.
    fn new(test: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("release")
            .join(test);
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(root.join(".ci")).unwrap();
        let folder = Self(root);
        folder.write("metadata.json", METADATA);
        folder.write(
            "CHANGELOG.md",
            "# Changelog\n\n## 0.1.0 - 2026-11-28\n\n- A line.\n",
        );
        let readme = "openai-assistants = \"0.1\"\n\nThe minimum supported Rust version is 1.88.\n";
        folder.write("README.md", readme);
        folder.write_program("cargo", CARGO);
        folder.write_program(".ci/package", "touch ../packaged");
        folder.git(&["init", "--quiet"]);
        folder.commit();
        folder
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }

    fn write_program(&self, name: &str, script: &str) {
        self.write(name, &format!("#!/bin/sh\n{script}\n"));
        let path = self.0.join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn git(&self, arguments: &[&str]) {
        let user = ["-c", "user.name=a", "-c", "user.email=a@localhost"];
        let git = Command::new("git")
            .args(user)
            .args(arguments)
            .current_dir(&self.0)
            .output();
        let output = git.expect("git runs");
        assert!(output.status.success(), "{output:?}");
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "Change"]);
    }

    fn release(&self) -> Output {
        let _ = fs::remove_file(self.0.with_file_name("packaged"));
        Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg("release")
            .env("CARGO", self.0.join("cargo"))
            .env("CARGO_MANIFEST_DIR", self.0.join("xtask"))
            .output()
            .expect("the command runs")
    }

    fn is_packaged(&self) -> bool {
        self.0.with_file_name("packaged").exists()
    }

    /// Returns the report of a release that fails.
    fn failure(&self) -> String {
        let output = self.release();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(!self.is_packaged());
        String::from_utf8(output.stdout).unwrap()
    }
}

/// One test: the folders share the file that a packaging leaves.
#[test]
fn what_prevents_a_release_is_reported() {
    let folder = Folder::new("repository");
    let output = folder.release();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(folder.is_packaged());
    let steps =
        "git tag v0.1.0\ncargo publish --package openai-assistants\ngit push origin v0.1.0\n";
    assert!(text.ends_with(steps), "{text}");
    assert_eq!(text.matches("ok       ").count(), 8, "{text}");

    folder.write("new.txt", "");
    let text = folder.failure();
    let expected = "FAILED   everything is committed\n         ?? new.txt\n";
    assert!(text.starts_with(expected), "{text}");
    assert!(text.ends_with(": another check failed\n"), "{text}");
    folder.commit();

    folder.git(&["tag", "v0.1.0"]);
    let expected = "FAILED   the version is new\n         there is a tag v0.1.0\n";
    assert!(folder.failure().contains(expected));
    folder.git(&["tag", "--delete", "v0.1.0"]);

    let changes = [
        (
            "metadata.json",
            METADATA.replace("\"d\"", "null"),
            "openai-assistants has no `description`",
        ),
        (
            "CHANGELOG.md",
            "# Changelog\n".to_owned(),
            "CHANGELOG.md has no section `## 0.1.0 - YYYY-MM-DD`",
        ),
        (
            "README.md",
            "[a](gone.md)".to_owned(),
            "README.md links to `gone.md`, which does not exist",
        ),
    ];
    for (name, text, problem) in changes {
        let before = fs::read_to_string(folder.0.join(name)).unwrap();
        folder.write(name, &text);
        folder.commit();
        let text = folder.failure();
        assert!(text.contains(&format!("         {problem}\n")), "{text}");
        folder.write(name, &before);
        folder.commit();
    }

    folder.write_program(
        "cargo",
        &format!("{CARGO}[ \"$3\" != check ] || {{ echo 'a license'; exit 1; }}"),
    );
    folder.commit();
    assert!(folder.failure().contains("\n         a license\n"));

    folder.write_program("cargo", &format!("{CARGO}[ \"$1\" != deny ] || exit 101"));
    folder.commit();
    let text = folder.failure();
    assert!(text.contains("cargo-deny is not installed"), "{text}");

    folder.write_program("cargo", CARGO);
    folder.write_program(".ci/package", "echo 'error: it does not build'; exit 1");
    folder.commit();
    let text = folder.failure();
    assert!(
        text.ends_with("\n         error: it does not build\n"),
        "{text}"
    );
}
