//! Which requests go through a proxy.

use std::env;
use std::net::SocketAddr;
use std::process::Command;

use super::empty_server;
use crate::support::{ManualClock, ScriptedServer};

/// Runs a test in a process whose environment names a proxy: the environment of this process is
/// shared by all tests.
async fn run_with_proxy(test: &'static str, proxy: &ScriptedServer) {
    let proxy = proxy.origin.clone();
    let output = tokio::task::spawn_blocking(move || {
        Command::new(env::current_exe().unwrap())
            .args(["--exact", test, "--include-ignored"])
            .env("http_proxy", proxy)
            .env_remove("NO_PROXY")
            .env_remove("no_proxy")
            .output()
            .unwrap()
    });
    let output = output.await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("1 passed"), "{text}");
}

#[tokio::test]
async fn loopback_bypasses_the_proxies_of_the_environment() {
    let proxy = empty_server().await;
    run_with_proxy("client::pagination::an_empty_list_is_valid", &proxy).await;
    assert!(proxy.requests().is_empty());
}

#[tokio::test]
async fn other_hosts_use_the_proxies_of_the_environment_unless_ruled_out() {
    let proxy = empty_server().await;
    let test = "client::proxies::calls_of_another_host_with_and_without_proxy";
    run_with_proxy(test, &proxy).await;
    let lines = proxy.request_lines();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("GET http://assistants.test:"));
    assert!(lines[0].ends_with("/v1/assistants?limit=2"));
}

#[tokio::test]
#[ignore = "runs in a process of its own"]
async fn calls_of_another_host_with_and_without_proxy() {
    let server = empty_server().await;
    let address: SocketAddr = server.origin["http://".len()..].parse().unwrap();
    let builder = server
        .builder(&ManualClock::default())
        .base_url(format!("http://assistants.test:{}/v1", address.port()))
        .http_client_builder(move |http| http.resolve("assistants.test", address));
    let direct = builder.clone().no_proxy().build().unwrap();
    direct.list_assistants().limit(1).send().await.unwrap();
    assert_eq!(server.request_lines(), ["GET /v1/assistants?limit=1"]);
    let proxied = builder.build().unwrap();
    proxied.list_assistants().limit(2).send().await.unwrap();
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_proxy_that_the_caller_sets_is_used_for_loopback_too() {
    let (proxy, server) = (empty_server().await, empty_server().await);
    let url = reqwest::Proxy::http(&proxy.origin).unwrap();
    let client = server
        .builder(&ManualClock::default())
        .http_client_builder(move |http| http.proxy(url.clone()))
        .build()
        .unwrap();
    client.list_assistants().send().await.unwrap();
    assert!(server.requests().is_empty());
    let line = format!("GET {}/v1/assistants", server.origin);
    assert_eq!(proxy.request_lines(), [line]);
}
