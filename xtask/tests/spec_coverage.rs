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
    let line = "POST /threads response: lacks the property tenant";
    assert_eq!(
        coverage(&[&path]),
        (Some(1), format!("{line}\n1 difference\n"))
    );
    let (code, text) = coverage(&[&path, "--json"]);
    assert_eq!(code, Some(1));
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        report,
        serde_json::json!([{ "place": "POST /threads response", "what": "lacks the property tenant" }])
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
fn the_overlay_of_foundry_covers_its_document_and_changes_nothing_else() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let upstream = root.join("../shared/upstream");
    let path = |path: &Path| path.display().to_string();
    let foundry = path(&upstream.join("foundry-agents-2025-05-15-preview.yaml"));
    if !Path::new(&foundry).exists() {
        println!("skipped: {foundry} does not exist");
        return;
    }
    let extended = path(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("foundry.yaml"));
    fs::copy(canonical(), &extended).unwrap();
    let newest = path(&upstream.join("openai-2026-08-21.yaml"));
    let overlay = path(&root.join("overlays/foundry.yaml"));
    let (code, summary) = xtask(&[
        "spec",
        "import",
        &newest,
        "--overlay",
        &overlay,
        "--output",
        &extended,
    ]);
    assert_eq!(code, Some(0), "{summary}");
    assert!(
        summary.contains(" 0 removed, 0 changed; 0 breaking"),
        "{summary}"
    );
    assert!(summary.contains("missing descriptions: none"), "{summary}");

    // These need other types without the feature too.
    let (_, text) = coverage(&[&foundry, "--of", &extended]);
    assert_eq!(
        text,
        "POST /threads/{threadId}/runs/{runId}/submit_tool_outputs request.tool_outputs[]<computer_call_output>.output: lacks the JSON type object\n\
         POST /threads/{threadId}/runs/{runId}/submit_tool_outputs request: requires the property tool_outputs\n\
         event<thread.run.step.delta>.data.delta.step_details<tool_calls>.tool_calls[]<file_search>.file_search: may not be missing or null\n\
         3 differences\n"
    );
    let without = |document: &str| xtask(&["generate", document, "--features", "files"]);
    assert_eq!(without(&extended), without(&canonical()));
}
