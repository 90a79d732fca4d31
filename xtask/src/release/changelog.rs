//! Checks the section of a version in the changelog.

/// Returns what prevents a release of the version.
pub(super) fn check(changelog: &str, version: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let sections = sections(changelog);
    let find = |name: &str| sections.iter().find(|(title, _)| title.starts_with(name));
    if find("Unreleased").is_some_and(|(_, body)| !body.trim().is_empty()) {
        problems.push(format!(
            "CHANGELOG.md has a section `Unreleased`: move its lines to that of {version}"
        ));
    }
    match find(&format!("{version} ")) {
        None => problems.push(format!(
            "CHANGELOG.md has no section `## {version} - YYYY-MM-DD`"
        )),
        Some((title, body)) => {
            let date = title.split(" - ").nth(1).unwrap_or_default();
            if !is_date(date) {
                problems.push(format!(
                    "the section {version} of CHANGELOG.md has `{date}` in place of a date"
                ));
            }
            if body.trim().is_empty() {
                problems.push(format!("the section {version} of CHANGELOG.md is empty"));
            }
        }
    }
    problems
}

/// The sections of the second level, by their titles.
fn sections(changelog: &str) -> Vec<(&str, &str)> {
    let sections = changelog.split("\n## ").skip(1);
    sections
        .map(|section| section.split_once('\n').unwrap_or((section, "")))
        .collect()
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_number = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    parts.iter().map(|part| part.len()).eq([4, 2, 2]) && parts.iter().all(is_number)
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_version_needs_a_dated_section_with_content() {
        let dated = "# Changelog\n\n## 0.2.0 - 2026-12-01\n\n- A line.\n\n## 0.1.0 - 2026-11-28\n";
        assert_eq!(check(dated, "0.2.0"), [""; 0]);
        assert_eq!(
            check(dated, "0.1.0"),
            ["the section 0.1.0 of CHANGELOG.md is empty"]
        );
        assert_eq!(
            check(dated, "0.3.0"),
            ["CHANGELOG.md has no section `## 0.3.0 - YYYY-MM-DD`"]
        );
        let undated = dated.replace("2026-12-01", "unreleased");
        assert_eq!(
            check(&undated, "0.2.0"),
            ["the section 0.2.0 of CHANGELOG.md has `unreleased` in place of a date"]
        );
    }

    #[test]
    fn lines_of_no_version_prevent_a_release() {
        let text =
            "# Changelog\n\n## Unreleased\n\n- A line.\n\n## 0.1.0 - 2026-11-28\n\n- Another.\n";
        assert_eq!(
            check(text, "0.1.0"),
            ["CHANGELOG.md has a section `Unreleased`: move its lines to that of 0.1.0"]
        );
        assert_eq!(check(&text.replace("- A line.", ""), "0.1.0"), [""; 0]);
    }
}
