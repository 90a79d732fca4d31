//! The command line program.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};

use openai_assistants::types::{
    CreateAssistantRequest, CreateFileRequest, CreateThreadAndRunRequest,
};
use openai_assistants::{Client, Upload};

/// A running program, which is killed when it is dropped.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_openai-assistants-fake"))
}

#[tokio::test]
async fn the_program_prints_url_key_and_a_line_per_request() {
    let script = std::env::temp_dir().join(format!("fake-script-{}.json", std::process::id()));
    let mut file = std::fs::File::create(&script).expect("the file can be created");
    file.write_all(br#"{ "turns": [{ "say": "Hello from a file" }] }"#)
        .expect("the file is written");
    let child = command()
        .args([
            "--port",
            "0",
            "--pace",
            "0",
            "--log",
            "--counted-ids",
            "--checked",
            "--script",
        ])
        .arg(&script)
        .stdout(Stdio::piped())
        .spawn();
    let mut program = Program(child.expect("the program starts"));
    let mut lines = BufReader::new(program.0.stdout.take().expect("the output is piped")).lines();
    let mut next = || {
        lines
            .next()
            .expect("the program prints a line")
            .expect("the value is text")
    };
    let (url, key) = (next(), next());
    std::fs::remove_file(&script).expect("the file exists");
    let client = Client::builder()
        .base_url(
            url.strip_prefix("export OPENAI_BASE_URL=")
                .expect("the URL comes first"),
        )
        .api_key(
            key.strip_prefix("export OPENAI_API_KEY=")
                .expect("the key comes second"),
        )
        .build()
        .expect("URL and key are valid");
    let body = CreateAssistantRequest::builder().model("gpt-4o");
    let assistant = client
        .create_assistant()
        .body(body)
        .send()
        .await
        .expect("the request succeeds");
    let body = CreateThreadAndRunRequest::builder().assistant_id(&assistant.id);
    let run = client
        .create_thread_and_run()
        .body(body)
        .follow()
        .outcome()
        .await;
    assert_eq!(run.expect("the run completes").text(), "Hello from a file");
    assert_eq!(next(), "POST /v1/assistants 200 req_0001");
    assert_eq!(next(), "POST /v1/threads/runs 200 req_0002");
}

#[tokio::test]
async fn the_program_speaks_the_dialect_of_foundry_and_stores_files_in_a_folder() {
    let folder = std::env::temp_dir().join(format!("fake-folder-{}", std::process::id()));
    let child = command()
        .args(["--port", "0", "--foundry", "--checked", "--counted-ids"])
        .arg("--folder")
        .arg(&folder)
        .stdout(Stdio::piped())
        .spawn();
    let mut program = Program(child.expect("the program starts"));
    let mut lines = BufReader::new(program.0.stdout.take().expect("the output is piped")).lines();
    let url = lines.next().expect("the program prints a line");
    let url = url.expect("the value is text");
    let url = url.strip_prefix("export PROJECT_ENDPOINT=");
    let client = Client::builder()
        .foundry(url.expect("the endpoint comes first"), "v1")
        .api_key("token");
    let client = client.build().expect("the settings are valid");
    let body = CreateFileRequest::builder().purpose("assistants");
    let upload = Upload::bytes("a.md", "A");
    let file = client.create_file().body(body).file(upload).send().await;
    let file = file.expect("the file is uploaded");
    let stored = folder.join(&file.id);
    assert_eq!(std::fs::read(stored).expect("it is stored"), b"A");
    let deleted = client.delete_file().file_id(&file.id).send().await;
    assert!(deleted.expect("the file is deleted").deleted);
    std::fs::remove_dir(&folder).expect("the folder is empty");
}

#[cfg(unix)]
#[test]
fn a_shell_can_evaluate_the_output() {
    let key = "it's $HOME; \"a\" key";
    let child = command()
        .args(["--port", "0", "--api-key", key])
        .stdout(Stdio::piped())
        .spawn();
    let mut program = Program(child.expect("the program starts"));
    let lines = BufReader::new(program.0.stdout.take().expect("the output is piped")).lines();
    let lines: Vec<String> = lines
        .take(2)
        .map(|line| line.expect("the value is text"))
        .collect();
    let shell = Command::new("sh")
        .arg("-c")
        .arg(r#"eval "$1"; printenv OPENAI_BASE_URL OPENAI_API_KEY"#)
        .args(["sh", &lines.join("\n")])
        .output()
        .expect("the shell runs");
    let text = String::from_utf8(shell.stdout).expect("the value is text");
    let (url, found) = text.split_once('\n').expect("both variables are set");
    assert!(
        url.starts_with("http://127.0.0.1:") && url.ends_with("/v1"),
        "{url}"
    );
    assert_eq!(found.trim_end(), key);
}

/// The program with a partial request on an open connection.
#[cfg(unix)]
fn program_with_partial_request() -> (Program, std::net::TcpStream) {
    let child = command()
        .args(["--port", "0", "--log"])
        .stdout(Stdio::piped())
        .spawn();
    let mut program = Program(child.expect("the program starts"));
    let mut lines = BufReader::new(program.0.stdout.take().expect("the output is piped")).lines();
    let mut next = || {
        lines
            .next()
            .expect("the program prints a line")
            .expect("the value is text")
    };
    let url = next();
    next();
    let address = url
        .strip_prefix("export OPENAI_BASE_URL=http://")
        .and_then(|url| url.strip_suffix("/v1"))
        .expect("the URL comes first");
    let connect =
        || std::net::TcpStream::connect(address).expect("the program accepts connections");
    let mut half = connect();
    half.write_all(b"GET /v1/assistants HTTP/1.1\r\n")
        .expect("the bytes are sent");
    // Connections are accepted in order, so the partial one is accepted before this one.
    let mut whole = connect();
    whole
        .write_all(b"GET / HTTP/1.1\r\n\r\n")
        .expect("the bytes are sent");
    next();
    (program, half)
}

#[cfg(unix)]
fn terminate(program: &Program) {
    let kill = Command::new("kill")
        .arg(program.0.id().to_string())
        .status();
    assert!(kill.expect("kill runs").success());
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_program_despite_a_partial_request() {
    let (mut program, _half) = program_with_partial_request();
    terminate(&program);
    assert_eq!(program.0.wait().expect("the program ends").code(), Some(0));
}

#[cfg(unix)]
#[test]
fn a_second_signal_ends_the_program_immediately() {
    let (mut program, half) = program_with_partial_request();
    let address = half.peer_addr().expect("the socket is connected");
    terminate(&program);
    // The listener is closed once the first signal is handled.
    while std::net::TcpStream::connect(address).is_ok() {}
    terminate(&program);
    assert_eq!(program.0.wait().expect("the program ends").code(), Some(1));
}

#[test]
fn an_empty_api_key_is_rejected() {
    let child = command()
        .args(["--port", "0", "--api-key", ""])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut program = Program(child.expect("the program starts"));
    let mut text = String::new();
    // The program prints nothing if it does not start.
    let mut out = BufReader::new(program.0.stdout.take().expect("the output is piped"));
    out.read_line(&mut text).expect("the value is text");
    assert_eq!(text, "");
    assert_eq!(program.0.wait().expect("the program ends").code(), Some(2));
}

#[test]
fn a_missing_script_is_an_error_with_its_path() {
    let mut child = command()
        .args(["--port", "0", "--script", "/nowhere/script.json"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut text = String::new();
    let mut errors = child.stderr.take().expect("the output is piped");
    errors.read_to_string(&mut text).expect("the value is text");
    assert!(!child.wait().expect("the program ends").success());
    assert!(
        text.starts_with("error: cannot read /nowhere/script.json"),
        "{text}"
    );
}

#[tokio::test]
async fn the_program_records_exchanges_with_another_server() {
    let upstream = crate::serve(openai_assistants_fake::Echo).await;
    let file = std::env::temp_dir().join(format!("fake-record-{}.jsonl", std::process::id()));
    let child = command()
        .args(["--port", "0", "--record", &upstream.url()])
        .arg(&file)
        .stdout(Stdio::piped())
        .spawn();
    let mut program = Program(child.expect("the program starts"));
    let mut lines = BufReader::new(program.0.stdout.take().expect("the output is piped")).lines();
    let url = lines.next().expect("a line").expect("it is text");
    let url = url.strip_prefix("export OPENAI_BASE_URL=");
    let client = Client::builder()
        .base_url(url.expect("the URL comes first"))
        .api_key("sk-0123456789")
        .build()
        .expect("URL and key are valid");
    let body = CreateAssistantRequest::builder().model("gpt-4o");
    let assistant = client.create_assistant().body(body).send().await;
    let assistant = assistant.expect("the request is forwarded");
    let missing = client.get_thread().thread_id("thread_9").send().await;
    assert!(missing.expect_err("there is none").is_not_found());

    let recording = loop {
        let text = std::fs::read_to_string(&file).expect("the file exists");
        // The program writes a line when it has sent the response.
        if text.lines().count() == 2 && text.ends_with('\n') {
            break text;
        }
    };
    std::fs::remove_file(&file).expect("the file exists");
    assert!(!recording.contains("sk-0123456789"), "{recording}");
    let lines: Vec<serde_json::Value> = recording
        .lines()
        .map(|line| serde_json::from_str(line).expect("it is JSON"))
        .collect();
    assert_eq!(
        (&lines[0]["path"], &lines[0]["status"]),
        (&"/v1/assistants".into(), &200.into())
    );
    let response = lines[0]["response"].as_str().expect("it is text");
    assert!(response.contains(&assistant.id));
    assert_eq!(lines[1]["status"], 404);
}
