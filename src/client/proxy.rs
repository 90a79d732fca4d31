//! The proxy that an environment variable sets, for errors.

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

/// Describes the proxy that reqwest takes from the environment for this URL, without user and password.
pub(super) fn of_environment(
    url: &Url,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    let first = |names: [&'static str; 2]| {
        let mut set = names.map(|name| (name, variable(name))).into_iter();
        set.find_map(|(name, value)| Some((name, value?)))
    };
    let of_scheme = match url.scheme() {
        "https" => ["HTTPS_PROXY", "https_proxy"],
        _ => ["HTTP_PROXY", "http_proxy"],
    };
    let (_, exceptions) = first(["NO_PROXY", "no_proxy"]).unwrap_or_default();
    let url = url.as_str().parse().ok()?;
    let describe = |(name, value)| {
        let matcher = Matcher::builder().all(value).no(exceptions.clone());
        let proxy = matcher.build().intercept(&url)?;
        let host = proxy.uri().host()?;
        Some(format!(
            "the environment variable {name} sets the proxy {host}, unless \
             `http_client_builder` sets another"
        ))
    };
    // In a CGI program it is a header of the request that sets `HTTP_PROXY`.
    match variable("REQUEST_METHOD") {
        Some(_) => None,
        None => [of_scheme, ["ALL_PROXY", "all_proxy"]]
            .into_iter()
            .filter_map(first)
            .find_map(describe),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(url: &str, variables: &[(&str, &str)]) -> Option<String> {
        of_environment(&url.parse().unwrap(), |name| {
            let found = variables.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_variable_and_the_host_of_the_proxy_are_named_without_user_and_password() {
        for (url, name) in [
            ("http://a.test/v1", "HTTP_PROXY"),
            ("http://a.test/v1", "http_proxy"),
            ("https://a.test/v1", "HTTPS_PROXY"),
            ("https://a.test/v1", "https_proxy"),
            ("http://a.test/v1", "ALL_PROXY"),
            ("https://a.test/v1", "all_proxy"),
        ] {
            for value in [
                "http://user:password@proxy.test:3128",
                "user@proxy.test:3128",
            ] {
                assert_eq!(
                    proxy(url, &[(name, value)]).as_deref(),
                    Some(&*format!(
                        "the environment variable {name} sets the proxy proxy.test, unless \
                         `http_client_builder` sets another"
                    ))
                );
            }
        }
    }

    #[test]
    fn the_variable_of_the_scheme_takes_precedence() {
        let variables = [("all_proxy", "all.test:1"), ("https_proxy", "https.test:1")];
        let text = proxy("https://a.test", &variables).unwrap();
        assert!(
            text.contains("https_proxy sets the proxy https.test,"),
            "{text}"
        );
        let text = proxy("http://a.test", &variables).unwrap();
        assert!(
            text.contains("all_proxy sets the proxy all.test,"),
            "{text}"
        );
    }

    #[test]
    fn variables_that_do_not_apply_are_not_named() {
        let set = ("HTTP_PROXY", "proxy.test:3128");
        for variables in [
            &[("HTTPS_PROXY", "proxy.test:3128")][..],
            &[("HTTP_PROXY", "")],
            &[("HTTP_PROXY", "ftp://proxy.test")],
            &[set, ("NO_PROXY", "b.test, a.test")],
            &[set, ("no_proxy", "*")],
            &[set, ("REQUEST_METHOD", "GET")],
        ] {
            assert_eq!(proxy("http://www.a.test", variables), None, "{variables:?}");
        }
    }
}
