//! Tests the command `cargo xtask build-cost` with a stub of Cargo.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// Logs each call, and creates binaries of 3 and 4 MB.
const CARGO: &str = r#"
name=$(basename "$PWD")
clean=clean; [ -d target ] && clean=built
echo "$name: $* ($clean)" >> ../calls
mkdir -p target/release
case "$name" in
    calling-ours*) head -c 3000000 /dev/zero > "target/release/$name";;
    calling-peer*) head -c 4000000 /dev/zero > "target/release/$name";;
esac
[ "$1" != fetch ] || rm -r target
"#;

/// A folder that replaces the repository.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str, cargo: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("build-cost")
            .join(test);
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).unwrap();
        let path = root.join("cargo");
        fs::write(&path, format!("#!/bin/sh\n{cargo}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Self(root)
    }

    fn build_cost(&self, rounds: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_xtask"))
            .env("CARGO_MANIFEST_DIR", self.0.join("xtask"))
            .env("CARGO", self.0.join("cargo"))
            .args(["build-cost", "--rounds", rounds])
            .output()
            .unwrap()
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.0.join("target").join(path)).unwrap()
    }
}

/// A single test: a script cannot be executed while another process has it open for writing.
#[test]
fn both_crates_are_built_in_turns_and_the_medians_are_written() {
    let folder = Folder::new("measured", CARGO);
    let output = folder.build_cost("2");
    assert!(output.status.success(), "{output:?}");

    let calls = |suffix: &str| {
        let builds = |who: &str| {
            let build = |state| format!("empty-{who}{suffix}: build --offline ({state})\n");
            build("clean") + &build("built").repeat(10)
        };
        let round = builds("ours") + &builds("peer");
        [
            &format!("empty-ours{suffix}: fetch (clean)\nempty-peer{suffix}: fetch (clean)\n"),
            &round,
            &round,
            &format!("calling-ours{suffix}: fetch (clean)\ncalling-peer{suffix}: fetch (clean)\n"),
            &format!("calling-ours{suffix}: build --offline --release (clean)\n"),
            &format!("calling-peer{suffix}: build --offline --release (clean)\n"),
        ]
        .map(String::as_str)
        .concat()
    };
    assert_eq!(folder.read("build-cost/calls"), calls("") + &calls("_ring"));

    let report: Value = serde_json::from_str(&folder.read("build-cost.json")).unwrap();
    for row in ["binary", "binary_ring"] {
        assert_eq!(
            report[row],
            serde_json::json!({
                "ours": 3.0, "peer": 4.0, "floor": null, "unit": "MB", "vs_peer": 0.75, "vs_floor": null,
            })
        );
    }
    for row in [
        "build_clean",
        "build_touch",
        "build_clean_ring",
        "build_touch_ring",
    ] {
        let figure = |name: &str| report[row][name].as_f64().unwrap();
        assert!(figure("ours") > 0.0 && figure("peer") > 0.0, "{report}");
        let ratio = figure("ours") / figure("peer");
        assert!((figure("vs_peer") - ratio).abs() < 1e-9, "{report}");
        assert_eq!(report[row]["unit"], "s");
    }
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(
        table.ends_with("binary_ring          3.00     4.00  MB      0.75 \n"),
        "{table}"
    );

    for (program, dependency) in [
        ("empty-ours", format!("openai-assistants = {{ path = {:?}, features = [] }}", folder.0)),
        ("empty-ours_ring", format!("openai-assistants = {{ path = {:?}, default-features = false, features = [\"rustls-ring\", \"tools\"] }}", folder.0)),
        ("empty-peer", "async-openai = { version = \"=0.41.3\", default-features = false, features = [\"assistant\", \"rustls\"] }".to_owned()),
        ("empty-peer_ring", "features = [\"assistant\", \"rustls-no-provider\"] }\nrustls = ".to_owned()),
    ] {
        let manifest = folder.read(&format!("build-cost/{program}/Cargo.toml"));
        assert!(manifest.contains(&dependency), "{manifest}");
        assert!(manifest.contains("[profile.dev.package.\"*\"]\nincremental = false"), "{manifest}");
        let built = folder.0.join("target/build-cost").join(program).join("target");
        assert!(!built.exists(), "{} is not removed", built.display());
    }

    let folder = Folder::new("failing", "echo 'error: no matching package' >&2; exit 101");
    let output = folder.build_cost("1");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.starts_with("error: cargo fetch failed in "), "{text}");
    assert!(
        text.contains("empty-ours:\nerror: no matching package"),
        "{text}"
    );
}
