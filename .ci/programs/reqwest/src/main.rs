//! Creates clients of reqwest before and after a client of this crate. None of them panics.

fn main() {
    drop(reqwest::Client::new());
    let client = openai_assistants::Client::builder()
        .api_key("sk-test")
        .build();
    drop(client.expect("the settings are valid"));
    drop(reqwest::Client::new());
    println!("ok");
}
