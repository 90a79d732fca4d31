//! Checks the manifests of the packages that are published together.

use serde_json::Value;

/// The package whose version is that of the release.
const CLIENT: &str = "openai-assistants";

/// The members of a workspace, as `cargo metadata` describes them.
pub(super) struct Workspace<'a> {
    members: Vec<&'a Value>,
}

impl<'a> Workspace<'a> {
    pub(super) fn new(metadata: &'a Value) -> Self {
        let members = metadata["packages"].as_array();
        Self {
            members: members.into_iter().flatten().collect(),
        }
    }

    /// The version of the release.
    pub(super) fn version(&self) -> &'a str {
        let client = self.members.iter().find(|member| name(member) == CLIENT);
        client.map_or("", |client| text(client, "version"))
    }

    /// The minimum supported Rust version.
    pub(super) fn rust_version(&self) -> &'a str {
        let client = self.members.iter().find(|member| name(member) == CLIENT);
        client.map_or("", |client| text(client, "rust_version"))
    }

    /// The packages that are published, in no order.
    fn published(&self) -> impl Iterator<Item = &'a Value> {
        let members = self.members.iter().copied();
        members.filter(|member| member["publish"].is_null())
    }

    /// Returns what the manifests lack.
    pub(super) fn problems(&self) -> Vec<String> {
        let version = self.version();
        let mut problems = Vec::new();
        for package in self.published() {
            let name = name(package);
            let found = text(package, "version");
            if found != version {
                problems.push(format!("{name} has version {found} and not {version}"));
            }
            for key in ["description", "license", "readme", "rust_version"] {
                if text(package, key).is_empty() {
                    problems.push(format!("{name} has no `{}`", key.replace('_', "-")));
                }
            }
            for dependency in dependencies(package) {
                let on = text(dependency, "name");
                let requirement = text(dependency, "req");
                if !self.published().any(|other| self::name(other) == on) {
                    problems.push(format!("{name} depends on {on}, which is not published"));
                } else if requirement != format!("={version}") {
                    problems.push(format!(
                        "{name} requires {on} {requirement} and not ={version}"
                    ));
                }
            }
        }
        let versions = self.members.iter().filter(|member| {
            let found = text(member, "rust_version");
            !found.is_empty() && found != self.rust_version()
        });
        problems.extend(versions.map(|member| {
            let found = text(member, "rust_version");
            format!("{} has another `rust-version`: {found}", name(member))
        }));
        if let Err(names) = self.order() {
            problems.push(format!("{} depend on each other", names.join(" and ")));
        }
        problems
    }

    /// The names of the packages, each after those that it depends on.
    ///
    /// # Errors
    /// The packages that depend on each other.
    pub(super) fn order(&self) -> Result<Vec<&'a str>, Vec<&'a str>> {
        let mut left: Vec<&Value> = self.published().collect();
        let mut order = Vec::new();
        while !left.is_empty() {
            let waits = |package: &&Value| {
                dependencies(package).any(|dependency| {
                    let mut others = left.iter().map(|other| name(other));
                    others.any(|other| other == text(dependency, "name"))
                })
            };
            let (waiting, ready): (Vec<&Value>, Vec<&Value>) =
                left.iter().copied().partition(waits);
            if ready.is_empty() {
                return Err(waiting.into_iter().map(name).collect());
            }
            order.extend(ready.into_iter().map(name));
            left = waiting;
        }
        Ok(order)
    }
}

/// The dependencies of a package on others of the workspace. A package has no development
/// dependencies without a version.
fn dependencies(package: &Value) -> impl Iterator<Item = &Value> {
    let all = package["dependencies"].as_array().into_iter().flatten();
    let local = all.filter(|dependency| dependency["path"].is_string());
    local.filter(|dependency| dependency["kind"] != "dev" || dependency["req"] != "*")
}

fn name(package: &Value) -> &str {
    text(package, "name")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The generator, the fake server, the client, and a package that is not published.
    fn metadata() -> Value {
        let depends = |name: &str, requirement: &str, kind: &str| json!({ "name": name, "req": requirement, "kind": kind, "path": "/p" });
        let package = |name: &str, dependencies: &[Value]| {
            json!({
                "name": name, "version": "0.1.0", "publish": null, "description": "d", "license": "MIT",
                "readme": "README.md", "rust_version": "1.88", "dependencies": dependencies,
            })
        };
        let mut tools = package("xtask", &[depends("codegen", "*", "normal")]);
        tools["publish"] = json!([]);
        let on_codegen = depends("codegen", "=0.1.0", "build");
        let client = [on_codegen.clone(), depends("fake", "=0.1.0", "dev")];
        let fake = [on_codegen, depends("openai-assistants", "*", "dev")];
        json!({ "packages": [
            package("openai-assistants", &client), tools, package("fake", &fake), package("codegen", &[]),
        ]})
    }

    fn problems(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut metadata = metadata();
        change(&mut metadata["packages"]);
        Workspace::new(&metadata).problems()
    }

    #[test]
    fn packages_are_published_after_those_that_they_depend_on() {
        let metadata = metadata();
        let workspace = Workspace::new(&metadata);
        assert_eq!(workspace.problems(), [""; 0]);
        let order = ["codegen", "fake", "openai-assistants"];
        assert_eq!(workspace.order(), Ok(order.to_vec()));
        assert_eq!(workspace.version(), "0.1.0");
    }

    #[test]
    fn versions_go_together() {
        let found = problems(|packages| packages[2]["version"] = json!("0.2.0"));
        assert_eq!(found, ["fake has version 0.2.0 and not 0.1.0"]);
        let found = problems(|packages| packages[0]["dependencies"][0]["req"] = json!("^0.1.0"));
        let expected = "openai-assistants requires codegen ^0.1.0 and not =0.1.0";
        assert_eq!(found, [expected]);
        let found = problems(|packages| packages[1]["rust_version"] = json!("1.90"));
        assert_eq!(found, ["xtask has another `rust-version`: 1.90"]);
    }

    #[test]
    fn a_manifest_describes_its_package() {
        let found = problems(|packages| {
            packages[3]["description"] = Value::Null;
            packages[3]["rust_version"] = Value::Null;
        });
        let expected = [
            "codegen has no `description`",
            "codegen has no `rust-version`",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_package_depends_on_published_ones_and_in_one_direction() {
        let found = problems(|packages| packages[3]["publish"] = json!([]));
        let by = ["openai-assistants", "fake"];
        let expected = by.map(|name| format!("{name} depends on codegen, which is not published"));
        assert_eq!(found, expected);
        let found = problems(|packages| packages[2]["dependencies"][1]["req"] = json!("=0.1.0"));
        assert_eq!(found, ["openai-assistants and fake depend on each other"]);
    }
}
