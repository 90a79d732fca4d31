//! Runs the checks and reports their results.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::manifests::Workspace;
use super::{changelog, links};
use crate::workspace::{cargo, context};

/// The results of all checks.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) text: String,
    pub(crate) has_failed: bool,
}

impl Report {
    fn add(&mut self, check: &str, problems: Vec<String>) {
        if problems.is_empty() {
            self.text += &format!("ok       {check}\n");
            return;
        }
        self.has_failed = true;
        let problems = problems.join("\n         ");
        self.text += &format!("FAILED   {check}\n         {problems}\n");
    }
}

/// Checks the repository. The packages are built only if nothing else prevents a release.
pub(crate) fn run(root: &Path) -> Result<Report, String> {
    let metadata = output(
        cargo().args(["metadata", "--no-deps", "--format-version", "1"]),
        root,
    )?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(context("cargo metadata"))?;
    let workspace = Workspace::new(&metadata);
    let version = workspace.version();
    let read = |name: &str| {
        fs::read_to_string(root.join(name)).map_err(context(&format!("cannot read {name}")))
    };

    let mut report = Report::default();
    let changes = output(Command::new("git").args(["status", "--porcelain"]), root)?;
    let changes = changes.lines().map(str::to_owned).collect();
    report.add("everything is committed", changes);

    let tag = format!("v{version}");
    let tags = output(Command::new("git").args(["tag", "--list", &tag]), root)?;
    let tags = tags.lines().map(|tag| format!("there is a tag {tag}"));
    report.add("the version is new", tags.collect());

    report.add(
        "the manifests agree, and require each other exactly",
        workspace.problems(),
    );
    report.add(
        "the changelog has the version",
        changelog::check(&read("CHANGELOG.md")?, version),
    );
    report.add(
        "the README states the versions",
        in_readme(&read("README.md")?, version, workspace.rust_version()),
    );
    report.add("links lead somewhere", links::check(root)?);
    report.add(
        "licenses, sources and duplicates of dependencies",
        deny(root)?,
    );

    let check = "the packages build, and the client works outside of the workspace";
    if report.has_failed {
        report.text += &format!("skipped  {check}: another check failed\n");
        return Ok(report);
    }
    let built = failure(&mut Command::new(root.join(".ci/package")), root)?;
    report.add(check, built);
    if !report.has_failed {
        report.text += &next_steps(&tag, &workspace.order().unwrap_or_default());
    }
    Ok(report)
}

/// What cannot be undone is left to a person.
fn next_steps(tag: &str, packages: &[&str]) -> String {
    let publish: String = packages
        .iter()
        .map(|package| format!("cargo publish --package {package}\n"))
        .collect();
    format!("\nRelease with:\n\ngit tag {tag}\n{publish}git push origin {tag}\n")
}

/// Returns what the README has to change for a release: versions that it lacks, and a note that it is unpublished.
fn in_readme(readme: &str, version: &str, rust_version: &str) -> Vec<String> {
    let compatible = match version.split('.').collect::<Vec<_>>()[..] {
        ["0", minor, _] => format!("0.{minor}"),
        [major, ..] => major.to_owned(),
        [] => String::new(),
    };
    // Line breaks are those of the text.
    let words = readme.split_whitespace().collect::<Vec<_>>().join(" ");
    let expected = [
        format!("openai-assistants = \"{compatible}\""),
        format!("minimum supported Rust version is {rust_version}"),
    ];
    let unpublished = Some("not published yet").filter(|text| words.contains(text));
    let unpublished = unpublished.map(|text| format!("README.md says `{text}`"));
    let missing = expected.into_iter().filter(|text| !words.contains(text));
    let missing = missing.map(|text| format!("README.md lacks `{text}`"));
    unpublished.into_iter().chain(missing).collect()
}

/// Advisories need a database from the network.
fn deny(root: &Path) -> Result<Vec<String>, String> {
    if !failure(cargo().args(["deny", "--version"]), root)?.is_empty() {
        let problem = "cargo-deny is not installed: run `cargo install cargo-deny`";
        return Ok(vec![problem.to_owned()]);
    }
    let check = [
        "deny",
        "--workspace",
        "check",
        "bans",
        "licenses",
        "sources",
    ];
    failure(cargo().args(check), root)
}

/// Runs a command and returns what it prints.
fn output(command: &mut Command, root: &Path) -> Result<String, String> {
    let failed = format!("{command:?} failed");
    let output = command
        .current_dir(root)
        .output()
        .map_err(context(&failed))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(format!(
            "{failed}:\n{}",
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}

/// Runs a command and returns the last lines that it prints if it fails.
fn failure(command: &mut Command, root: &Path) -> Result<Vec<String>, String> {
    let failed = format!("{command:?} failed");
    let output = command
        .current_dir(root)
        .output()
        .map_err(context(&failed))?;
    if output.status.success() {
        return Ok(Vec::new());
    }
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let last = lines[lines.len().saturating_sub(20)..]
        .iter()
        .map(|line| (*line).to_owned());
    Ok([failed].into_iter().chain(last).collect())
}

#[cfg(test)]
mod tests {
    use super::in_readme;

    #[test]
    fn the_readme_states_the_compatible_version_and_the_rust_version() {
        let readme = "openai-assistants = \"0.1\"\nThe minimum supported Rust\nversion is 1.88.";
        assert_eq!(in_readme(readme, "0.1.3", "1.88"), [""; 0]);
        let unpublished = readme.replace("The", "The crate is not\npublished yet. The");
        assert_eq!(
            in_readme(&unpublished, "0.1.3", "1.88"),
            ["README.md says `not published yet`"]
        );
        assert_eq!(
            in_readme(readme, "1.0.0", "1.90"),
            [
                "README.md lacks `openai-assistants = \"1\"`",
                "README.md lacks `minimum supported Rust version is 1.90`"
            ]
        );
    }
}
