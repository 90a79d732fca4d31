//! Examples in the documentation of operations. They compile as doctests.

use crate::model::operation::{Operation, Parameter};
use crate::model::reference::type_name;
use crate::module::Module;

/// An example that builds the request of an operation, with all that it requires as arguments
/// of a function. `body` turns the expression of the request into statements.
pub fn example(module: Module, operation: &Operation, body: impl FnOnce(&str) -> String) -> String {
    let module = module.public_path();
    let names: Vec<String> = operation
        .path_parameters()
        .map(Parameter::function)
        .collect();
    let mut arguments: String = names.iter().map(|name| format!(", {name}: &str")).collect();
    let mut request = format!("client.{}()", operation.function());
    request.extend(names.iter().map(|name| format!(".{name}({name})")));
    if let Some(body) = operation.body {
        arguments += &format!(", body: {module}::types::{}", type_name(body));
        request += ".body(body)";
    }
    if let Some(name) = operation.file_setter() {
        arguments += &format!(", {name}: openai_assistants::Upload");
        request += &format!(".{name}({name})");
    }
    format!(
        "\n# Examples\n\n```no_run\n\
         # async fn example(client: &{module}::Client{arguments}) -> openai_assistants::Result<()> {{\n\
         {}\n# Ok(())\n# }}\n```",
        body(&request)
    )
}
