//! The program.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};

use openai_assistants::Client;
use openai_assistants::types::{CreateAssistantRequest, CreateThreadAndRunRequest};

/// The program while it runs.
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
async fn it_prints_how_to_reach_it_and_a_line_for_each_request() {
    let script = std::env::temp_dir().join(format!("fake-script-{}.json", std::process::id()));
    let mut file = std::fs::File::create(&script).expect("there is room for a file");
    file.write_all(br#"{ "turns": [{ "say": "Hello from a file" }] }"#)
        .expect("it is written");
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
    let mut lines = BufReader::new(program.0.stdout.take().expect("it is piped")).lines();
    let mut next = || lines.next().expect("there is a line").expect("it is text");
    let (url, key) = (next(), next());
    std::fs::remove_file(&script).expect("the file is there");
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
        .expect("both are good");
    let body = CreateAssistantRequest::builder().model("gpt-4o");
    let assistant = client
        .create_assistant()
        .body(body)
        .send()
        .await
        .expect("it answers");
    let body = CreateThreadAndRunRequest::builder().assistant_id(&assistant.id);
    let run = client
        .create_thread_and_run()
        .body(body)
        .follow()
        .outcome()
        .await;
    assert_eq!(run.expect("the run ends").text(), "Hello from a file");
    assert_eq!(next(), "POST /v1/assistants 200 req_0001");
    assert_eq!(next(), "POST /v1/threads/runs 200 req_0002");
}

#[cfg(unix)]
#[test]
fn a_shell_takes_over_what_it_prints() {
    let key = "it's $HOME; \"a\" key";
    let child = command()
        .args(["--port", "0", "--api-key", key])
        .stdout(Stdio::piped())
        .spawn();
    let mut program = Program(child.expect("the program starts"));
    let lines = BufReader::new(program.0.stdout.take().expect("it is piped")).lines();
    let lines: Vec<String> = lines
        .take(2)
        .map(|line| line.expect("it is text"))
        .collect();
    let shell = Command::new("sh")
        .arg("-c")
        .arg(r#"eval "$1"; printenv OPENAI_BASE_URL OPENAI_API_KEY"#)
        .args(["sh", &lines.join("\n")])
        .output()
        .expect("there is a shell");
    let text = String::from_utf8(shell.stdout).expect("it is text");
    let (url, found) = text.split_once('\n').expect("both are set");
    assert!(
        url.starts_with("http://127.0.0.1:") && url.ends_with("/v1"),
        "{url}"
    );
    assert_eq!(found.trim_end(), key);
}

/// The program with half a request open, and where it listens.
#[cfg(unix)]
fn busy() -> (Program, std::net::TcpStream) {
    let child = command()
        .args(["--port", "0", "--log"])
        .stdout(Stdio::piped())
        .spawn();
    let mut program = Program(child.expect("the program starts"));
    let mut lines = BufReader::new(program.0.stdout.take().expect("it is piped")).lines();
    let mut next = || lines.next().expect("there is a line").expect("it is text");
    let url = next();
    next();
    let address = url
        .strip_prefix("export OPENAI_BASE_URL=http://")
        .and_then(|url| url.strip_suffix("/v1"))
        .expect("the URL comes first");
    let connect = || std::net::TcpStream::connect(address).expect("it listens");
    let mut half = connect();
    half.write_all(b"GET /v1/assistants HTTP/1.1\r\n")
        .expect("it is there");
    // Connections are accepted in their order.
    let mut whole = connect();
    whole
        .write_all(b"GET / HTTP/1.1\r\n\r\n")
        .expect("it is there");
    next();
    (program, half)
}

#[cfg(unix)]
fn terminate(program: &Program) {
    let kill = Command::new("kill")
        .arg(program.0.id().to_string())
        .status();
    assert!(kill.expect("there is a shell's kill").success());
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_although_half_a_request_is_open() {
    let (mut program, _half) = busy();
    terminate(&program);
    assert_eq!(program.0.wait().expect("it ends").code(), Some(0));
}

#[cfg(unix)]
#[test]
fn a_second_signal_ends_it_at_once() {
    let (mut program, half) = busy();
    let address = half.peer_addr().expect("it is connected");
    terminate(&program);
    // It has heard the first one when it listens no more.
    while std::net::TcpStream::connect(address).is_ok() {}
    terminate(&program);
    assert_eq!(program.0.wait().expect("it ends").code(), Some(1));
}

#[test]
fn a_key_that_nobody_can_send_is_refused() {
    let child = command()
        .args(["--port", "0", "--api-key", ""])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut program = Program(child.expect("the program starts"));
    let mut text = String::new();
    // It prints nothing if it does not start.
    let mut out = BufReader::new(program.0.stdout.take().expect("it is piped"));
    out.read_line(&mut text).expect("it is text");
    assert_eq!(text, "");
    assert_eq!(program.0.wait().expect("it ends").code(), Some(2));
}

#[test]
fn a_script_that_is_none_is_an_error_with_its_name() {
    let mut child = command()
        .args(["--port", "0", "--script", "/nowhere/script.json"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut text = String::new();
    let mut errors = child.stderr.take().expect("it is piped");
    errors.read_to_string(&mut text).expect("it is text");
    assert!(!child.wait().expect("it ends").success());
    assert!(text.starts_with("error: /nowhere/script.json"), "{text}");
}
