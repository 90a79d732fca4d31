//! Runs the program of the guide `docs/dialects.md`, with its overlay, against a scripted server.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};

/// Returns the first block of a language in the guide.
fn block<'a>(guide: &'a str, language: &str) -> &'a str {
    let (_, rest) = guide.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

/// Responds to the three calls of the program, and returns the bodies that it received.
fn serve(listener: &TcpListener) -> Vec<String> {
    let mut received = Vec::new();
    while received.len() < 3 {
        let (stream, _) = listener.accept().unwrap();
        let (request, body) = read(&stream);
        let response = match request.as_str() {
            "GET /v1/models HTTP/1.1" => r#"{"data": [{"id": "m-1"}]}"#,
            "POST /v1/assistants HTTP/1.1" => {
                r#"{"id": "asst_1", "object": "assistant", "model": "m-1", "tools": [{"type": "browser", "allowed_hosts": ["docs.rs"]}]}"#
            }
            "POST /v1/threads HTTP/1.1" => {
                r#"{"id": "thread_1", "object": "thread", "tenant": "blue"}"#
            }
            other => panic!("the program does not send {other}"),
        };
        let length = response.len();
        let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json";
        write!(
            &stream,
            "{head}\r\ncontent-length: {length}\r\n\r\n{response}"
        )
        .unwrap();
        received.push(body);
    }
    received
}

/// Reads a request: its first line, and its body.
fn read(stream: &TcpStream) -> (String, String) {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_ascii_lowercase()),
        }
        if lines.len() == 1 {
            lines[0] = line.trim_end().to_owned();
        }
    }
    let length = lines
        .iter()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (lines.swap_remove(0), String::from_utf8(body).unwrap())
}

fn succeeded(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_program_of_the_guide_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let guide = fs::read_to_string(root.join("docs/dialects.md")).unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dialect");
    let _ = fs::remove_dir_all(&folder);
    for name in ["src", ".cargo"] {
        fs::create_dir_all(folder.join(name)).unwrap();
    }
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    write("dialect.yaml", block(&guide, "yaml"));
    write(".cargo/config.toml", block(&guide, "toml"));
    write("src/main.rs", block(&guide, "rust,ignore"));
    write(
        "Cargo.toml",
        &format!(
            "[package]\nname = \"dialect\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
             openai-assistants = {{ path = {root:?}, default-features = false }}\n\
             tokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }}\n"
        ),
    );
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();

    let import = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["spec", "import"])
        .arg(root.join("openapi.yaml"))
        .arg("--overlay")
        .arg(folder.join("dialect.yaml"))
        .arg("--output")
        .arg(folder.join("dialect-openapi.yaml"))
        .output()
        .unwrap();
    let summary = succeeded(&import);
    assert!(summary.contains("46 operations"), "{summary}");

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || serve(&listener));
    let program = Command::new(env!("CARGO"))
        .current_dir(&folder)
        .args(["run", "--quiet", "--offline", "--target-dir"])
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("programs"))
        .env_remove("ASSISTANTS_OPENAPI")
        .env("OPENAI_BASE_URL", format!("http://{address}/v1"))
        .env("OPENAI_API_KEY", "any")
        .output()
        .unwrap();
    let printed = succeeded(&program);
    assert!(
        printed.contains(r#"[Browser(BrowserTool { allowed_hosts: Some(["docs.rs"])"#),
        "{printed}"
    );
    assert!(printed.contains(r#"Some("blue")"#), "{printed}");
    let [_, assistant, thread] = server.join().unwrap().try_into().unwrap();
    assert_eq!(
        assistant,
        r#"{"model":"m-1","tools":[{"type":"browser","allowed_hosts":["docs.rs"]}]}"#
    );
    assert_eq!(thread, r#"{"tenant":"blue"}"#);
}
