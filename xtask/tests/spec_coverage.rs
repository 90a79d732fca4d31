//! Tests the command `cargo xtask spec coverage`: exit code and output.

use std::fs;
use std::path::Path;
use std::process::Command;

fn coverage(arguments: &[&str]) -> (Option<i32>, String) {
    xtask(&[&["spec", "coverage"], arguments].concat())
}

fn xtask(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .output()
        .unwrap();
    let text = match output.stdout.is_empty() {
        true => output.stderr,
        false => output.stdout,
    };
    (output.status.code(), String::from_utf8(text).unwrap())
}

fn canonical() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi.yaml");
    path.display().to_string()
}

#[test]
fn a_document_covers_itself_with_its_features() {
    assert_eq!(
        coverage(&[&canonical()]),
        (Some(0), "nothing is lacking\n".to_owned())
    );
    let (code, text) = coverage(&[&canonical(), "--features", "foundry"]);
    assert_eq!(code, Some(1));
    assert!(
        text.contains("POST /files: lacks the operation\n"),
        "{text}"
    );
    assert!(text.ends_with("\n21 differences\n"), "{text}");
}

#[test]
fn a_property_that_is_lacking_is_listed_once_with_its_place() {
    let text = fs::read_to_string(canonical()).unwrap();
    let thread = "\n    ThreadObject:\n";
    let (before, after) = text.split_once(thread).unwrap();
    let after = after.replacen(
        "      properties:\n",
        "      properties:\n        tenant:\n          type: string\n",
        1,
    );
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("coverage.yaml");
    fs::write(&path, format!("{before}{thread}{after}")).unwrap();
    let path = path.display().to_string();
    let place = "GET /threads response.data[]";
    let line = format!("{place}: lacks the property tenant");
    assert_eq!(
        coverage(&[&path]),
        (Some(1), format!("{line}\n1 difference\n"))
    );
    let (code, text) = coverage(&[&path, "--json"]);
    assert_eq!(code, Some(1));
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        report,
        serde_json::json!([{ "place": place, "what": "lacks the property tenant" }])
    );
}

#[test]
fn an_invalid_document_exits_with_2() {
    let (code, error) = coverage(&["none.yaml"]);
    assert_eq!(code, Some(2));
    assert!(
        error.starts_with("error: none.yaml: cannot be read"),
        "{error}"
    );
}

/// The upstream documents are not part of this repository.
#[test]
fn the_newest_upstream_document_is_covered() {
    let upstream = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/upstream");
    let newest = upstream.join("openai-2026-08-21.yaml");
    if !newest.exists() {
        println!("skipped: {} does not exist", newest.display());
        return;
    }
    let (code, text) = coverage(&[&newest.display().to_string(), "--features", "files"]);
    assert_eq!((code, text.as_str()), (Some(0), "nothing is lacking\n"));
}

/// The upstream documents are not part of this repository.
#[test]
fn the_document_of_foundry_is_covered_by_its_overlay_which_changes_nothing_else() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let upstream = root.join("../shared/upstream");
    let path = |path: &Path| path.display().to_string();
    let foundry = path(&upstream.join("foundry-agents-2025-05-15-preview.yaml"));
    if !Path::new(&foundry).exists() {
        println!("skipped: {foundry} does not exist");
        return;
    }
    let covered = (Some(0), "nothing is lacking\n".to_owned());
    assert_eq!(
        coverage(&[&foundry, "--features", "files,foundry"]),
        covered
    );
    let (code, text) = coverage(&[&foundry, "--features", "files"]);
    assert_eq!(code, Some(1), "{text}");

    let newest = path(&upstream.join("openai-2026-08-21.yaml"));
    let import = |name: &str, overlays: &[&str]| {
        let output = path(&Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
        fs::copy(canonical(), &output).unwrap();
        let import = ["spec", "import", &newest, "--output", &output];
        let (code, summary) = xtask(&[&import, overlays].concat());
        assert_eq!(code, Some(0), "{summary}");
        (output, summary)
    };
    let overlay = path(&root.join("overlays/foundry.yaml"));
    let (_, summary) = import("foundry.yaml", &["--overlay", &overlay]);
    assert!(summary.contains("(unchanged)"), "{summary}");
    assert!(summary.contains("missing descriptions: none"), "{summary}");
    let (code, report) = xtask(&["spec", "diff", &newest, "--overlay", &overlay]);
    assert_eq!(code, Some(0), "{report}");
    let (code, report) = xtask(&["spec", "diff", &newest]);
    assert_eq!(code, Some(1), "{report}");

    let (without, _) = import("openai.yaml", &[]);
    for source in [&[][..], &["--mocks"], &["--doctor"]] {
        let generate = |document: &str| {
            let generate = ["generate", document, "--features", "files"];
            xtask(&[&generate, source].concat())
        };
        let (code, generated) = generate(&without);
        assert!(code == Some(0) && !generated.is_empty());
        // Not compared with `assert_eq`, which would print both.
        assert!(generate(&canonical()) == (code, generated), "{source:?}");
    }
}
