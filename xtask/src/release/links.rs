//! Checks the links between the Markdown files of the repository.

use std::fs;
use std::path::{Path, PathBuf};

/// Returns the links whose file or heading does not exist.
pub(super) fn check(root: &Path) -> Result<Vec<String>, String> {
    let mut problems = Vec::new();
    for folder in ["", "docs", "fake", "codegen"] {
        for path in markdown_files(&root.join(folder))? {
            let text = read(&path)?;
            let broken = links(&text).filter(|link| !exists(&path, link));
            let name = path.strip_prefix(root).unwrap_or(&path).display();
            problems.extend(
                broken.map(|link| format!("{name} links to `{link}`, which does not exist")),
            );
        }
    }
    Ok(problems)
}

fn markdown_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error| format!("cannot read {}: {error}", folder.display());
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// The links to files and headings. Those to items of Rust are checked by rustdoc.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.split("](").skip(1);
    let targets = ends.filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
    targets.filter(|target| !target.contains("://") && !target.contains("::"))
}

fn exists(from: &Path, link: &str) -> bool {
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let path = match file {
        "" => from.to_path_buf(),
        file => from.with_file_name(file),
    };
    match heading {
        "" => path.exists(),
        heading => read(&path).is_ok_and(|text| anchors(&text).any(|anchor| anchor == heading)),
    }
}

/// The anchors that a page of Markdown has for its headings.
fn anchors(text: &str) -> impl Iterator<Item = String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|heading| {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter_map(|character| match character {
            ' ' => Some('-'),
            '-' | '_' => Some(character),
            _ => Some(character).filter(|character| character.is_alphanumeric()),
        });
        kept.collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_files_and_headings_are_checked() {
        let root = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| fs::write(root.path().join(name), text).expect(name);
        fs::create_dir(root.path().join("docs")).expect("a folder");
        write(
            "docs/guide.md",
            "# Guide\n\n## What `x` costs\n\n[up](../README.md) [self](#guide)\n",
        );
        let good = "[a](docs/guide.md) [b](docs/guide.md#what-x-costs) [c](https://a.org/b) [d](crate::Client)\n";
        write("README.md", good);
        assert_eq!(check(root.path()), Ok(Vec::new()));

        write(
            "README.md",
            "[a](docs/gone.md) and [b](docs/guide.md#gone)\n",
        );
        let expected = ["docs/gone.md", "docs/guide.md#gone"];
        let expected =
            expected.map(|link| format!("README.md links to `{link}`, which does not exist"));
        assert_eq!(check(root.path()), Ok(expected.to_vec()));
    }
}
