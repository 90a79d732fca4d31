//! Extracts the text of files.

use std::path::Path;

use serde_json::{Value, json};

/// Extensions of text files that file search supports.
const TEXT: [&str; 20] = [
    "c", "cpp", "cs", "css", "go", "html", "java", "js", "json", "md", "mdx", "php", "py", "rb",
    "rs", "sh", "tex", "toml", "ts", "txt",
];

/// Extensions of other documents that file search supports. Their bytes are searched as text.
const BINARY: [&str; 4] = ["doc", "docx", "pdf", "pptx"];

/// The text of a file, or the error of indexing it.
pub(crate) fn text(file_name: &str, bytes: &[u8]) -> Result<String, Value> {
    let extension = Path::new(file_name).extension().unwrap_or_default();
    let extension = extension.to_string_lossy().to_lowercase();
    if BINARY.contains(&extension.as_str()) {
        return Ok(String::from_utf8_lossy(bytes).into_owned());
    }
    if !TEXT.contains(&extension.as_str()) {
        let message =
            format!("Files with extension [{extension}] are not supported for retrieval.");
        return Err(error("unsupported_file", &message));
    }
    let text = std::str::from_utf8(bytes);
    let text = text.map_err(|_| error("invalid_file", "The file is not valid UTF-8 text."))?;
    Ok(text.to_owned())
}

/// The `last_error` of a file that was not indexed.
pub(crate) fn error(code: &str, message: &str) -> Value {
    json!({ "code": code, "message": message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_is_extracted() {
        assert_eq!(text("a.md", b"# A"), Ok("# A".to_owned()));
        assert_eq!(text("A.TXT", b"a"), Ok("a".to_owned()));
        assert_eq!(text("a.pdf", b"a\xff"), Ok("a\u{fffd}".to_owned()));
        let code = |name, bytes: &[u8]| text(name, bytes).map_err(|error| error["code"].clone());
        assert_eq!(code("a.png", b"a"), Err(json!("unsupported_file")));
        assert_eq!(code("a", b"a"), Err(json!("unsupported_file")));
        assert_eq!(code("a.txt", b"\xff"), Err(json!("invalid_file")));
    }
}
