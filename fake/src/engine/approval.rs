//! Which calls of MCP servers require an approval.

use serde_json::Value;

/// Whether a call requires an approval, by the `mcp` of the tool resources of its run.
///
/// That is the default. A server can be exempt, or some of its tools.
pub(crate) fn is_required(settings: &Value, server_label: &str, name: &str) -> bool {
    let mut servers = settings.as_array().into_iter().flatten();
    let server = servers.find(|server| server["server_label"] == server_label);
    let approval = server.map_or(&Value::Null, |server| &server["require_approval"]);
    let exempt = approval["never"]["tool_names"].as_array();
    let is_exempt = exempt.is_some_and(|names| names.iter().any(|exempt| exempt == name));
    approval != "never" && !is_exempt
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn servers_and_tools_can_be_exempt() {
        let with = |approval: Value| {
            let settings = json!([{ "server_label": "docs", "require_approval": approval }]);
            is_required(&settings, "docs", "search")
        };
        assert!(is_required(&Value::Null, "docs", "search"));
        assert!(with(Value::Null));
        assert!(with(json!("always")));
        assert!(!with(json!("never")));
        assert!(!with(json!({ "never": { "tool_names": ["search"] } })));
        assert!(with(json!({ "never": { "tool_names": ["delete"] } })));
        assert!(with(json!({ "always": { "tool_names": ["search"] } })));
    }
}
