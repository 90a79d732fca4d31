//! Which requests go through a proxy.

use std::env;
use std::net::SocketAddr;
use std::process::Command;

use openai_assistants::ClientBuilder;

use super::empty_server;
use crate::support::{ManualClock, ScriptedServer};

/// Runs a test in a process whose environment names a proxy: the environment of this process is
/// shared by all tests.
async fn run_with_proxy(test: &'static str, proxy: &str) {
    let proxy = proxy.to_owned();
    let output = tokio::task::spawn_blocking(move || {
        Command::new(env::current_exe().unwrap())
            .args(["--exact", test, "--include-ignored"])
            .env("http_proxy", proxy)
            .env_remove("HTTP_PROXY")
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
    run_with_proxy("client::pagination::an_empty_list_is_valid", &proxy.origin).await;
    assert!(proxy.requests().is_empty());
}

#[tokio::test]
async fn other_hosts_use_the_proxies_of_the_environment_unless_ruled_out() {
    let proxy = empty_server().await;
    let test = "client::proxies::calls_of_another_host_with_and_without_proxy";
    run_with_proxy(test, &proxy.origin).await;
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
async fn a_connection_error_names_the_proxy_of_the_environment() {
    let test = "client::proxies::calls_through_a_proxy_that_is_down";
    // Port 9 of the loopback interface has no server.
    run_with_proxy(test, "http://user:password@127.0.0.1:9").await;
}

#[tokio::test]
#[ignore = "runs in a process of its own"]
async fn calls_through_a_proxy_that_is_down() {
    let builder = ScriptedServer::start([])
        .await
        .builder(&ManualClock::default());
    let error = async |builder: ClientBuilder| {
        let client = builder.build().unwrap();
        let error = client.list_assistants().send().await.unwrap_err();
        assert!(error.is_connect());
        error.to_string()
    };
    let remote = builder.clone().base_url("http://assistants.test/v1");
    let with_layer = remote.clone().layer(tower::layer::util::Identity::new());
    for builder in [remote.clone(), with_layer] {
        let text = error(builder).await;
        let named = "; the environment variable http_proxy sets the proxy 127.0.0.1, \
                     unless `http_client_builder` sets another (3 attempts); check the base URL and the network";
        assert!(text.ends_with(named), "{text}");
        assert!(
            !text.contains("user") && !text.contains("password"),
            "{text}"
        );
    }
    let here = "127.0.0.1:9".parse().unwrap();
    let direct = remote.no_proxy();
    let direct = direct.http_client_builder(move |http| http.resolve("assistants.test", here));
    for builder in [direct, builder.base_url("http://127.0.0.1:9/v1")] {
        let text = error(builder).await;
        assert!(!text.contains("proxy"), "{text}");
    }
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
