//! What a hostile page, name or program may try.

use super::*;
use http::header::HeaderValue;
use proptest::prelude::*;

const TOKEN: &str = "00112233445566778899aabbccddeeff0011223344556677";

fn trust(listen: &str, allowed: &[&str]) -> Trust {
    let allowed: Vec<String> = allowed.iter().map(ToString::to_string).collect();
    let listen = listen.parse().expect("an address and a port");
    Trust::new(listen, &allowed, Token::known(TOKEN))
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, HeaderValue::from_str(value).expect("visible"));
    }
    headers
}

fn host_status(trust: &Trust, host: &str) -> Result<(), StatusCode> {
    let uri = Uri::from_static("/");
    trust
        .check_host(&headers(&[("host", host)]), &uri)
        .map(drop)
        .map_err(|refused| refused.status)
}

fn upgrade_status(pairs: &[(&'static str, &str)]) -> Result<(), StatusCode> {
    let trust = trust("127.0.0.1:8620", &["lab.example"]);
    let headers = headers(pairs);
    let host = trust
        .check_host(&headers, &Uri::from_static("/relay"))
        .expect("these tests have a good Host");
    trust
        .check_upgrade(&headers, &host)
        .map_err(|refused| refused.status)
}

#[test]
fn loopback_names_are_ours_at_any_port() {
    let trust = trust("127.0.0.1:8620", &[]);
    for host in [
        "127.0.0.1:8620",
        "127.0.0.1",
        "127.8.9.10:1",
        "localhost",
        "LocalHost:9999",
        "[::1]:8620",
        "[::1]",
        "[0:0:0:0:0:0:0:1]:80",
    ] {
        assert_eq!(host_status(&trust, host), Ok(()), "{host}");
    }
}

#[test]
fn a_rebinding_host_is_refused() {
    let trust = trust("127.0.0.1:8620", &[]);
    for host in [
        "evil.example",
        "evil.example:8620",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "0.0.0.0:8620",
        "[::]:8620",
        "10.0.0.1:8620",
        "localhost.",
    ] {
        assert_eq!(
            host_status(&trust, host),
            Err(StatusCode::MISDIRECTED_REQUEST),
            "{host}"
        );
    }
}

#[test]
fn what_is_no_host_is_refused() {
    let trust = trust("127.0.0.1:8620", &[]);
    for host in [
        "",
        ":80",
        "localhost:",
        "localhost:99999",
        "localhost:x",
        "a@localhost",
        "localhost/x",
        "local host",
        "[::1",
    ] {
        assert_eq!(
            host_status(&trust, host),
            Err(StatusCode::BAD_REQUEST),
            "{host}"
        );
    }
    let uri = Uri::from_static("/");
    let none = trust.check_host(&HeaderMap::new(), &uri);
    assert_eq!(none.expect_err("no Host").status, StatusCode::BAD_REQUEST);
    let two = headers(&[("host", "localhost"), ("host", "localhost")]);
    assert!(trust.check_host(&two, &uri).is_err());
}

#[test]
fn an_absolute_uri_may_not_name_another_host() {
    let trust = trust("127.0.0.1:8620", &[]);
    let headers = headers(&[("host", "localhost:8620")]);
    let same = Uri::from_static("http://localhost:8620/x");
    assert!(trust.check_host(&headers, &same).is_ok());
    let other = Uri::from_static("http://evil.example/x");
    assert!(trust.check_host(&headers, &other).is_err());
}

#[test]
fn further_names_must_be_allowed_by_name() {
    let open = trust("192.168.7.5:8620", &["Lab.Example"]);
    assert_eq!(host_status(&open, "lab.example:1234"), Ok(()));
    assert_eq!(host_status(&open, "192.168.7.5:8620"), Ok(()));
    assert!(host_status(&open, "192.168.7.6:8620").is_err());
    assert!(host_status(&open, "x.lab.example").is_err());
    let any = trust("0.0.0.0:8620", &[]);
    assert!(host_status(&any, "192.168.7.5:8620").is_err());
}

#[test]
fn the_relay_opens_for_our_own_page_with_the_token() {
    let protocols = format!("{SUBPROTOCOL}, {TOKEN_SUBPROTOCOL_PREFIX}{TOKEN}");
    for (host, origin) in [
        ("localhost:8620", "http://localhost:8620"),
        ("127.0.0.1", "http://127.0.0.1"),
        ("localhost:80", "http://localhost"),
        ("[::1]:9000", "http://[::1]:9000"),
        ("lab.example:1", "http://lab.example:1"),
    ] {
        let status = upgrade_status(&[
            ("host", host),
            ("origin", origin),
            ("sec-websocket-protocol", &protocols),
        ]);
        assert_eq!(status, Ok(()), "{host}");
    }
}

#[test]
fn a_foreign_or_missing_origin_is_refused_even_with_the_token() {
    let protocols = format!("{SUBPROTOCOL}, {TOKEN_SUBPROTOCOL_PREFIX}{TOKEN}");
    for origin in [
        "http://evil.example",
        "http://localhost",
        "http://localhost:8621",
        "https://localhost:8620",
        "http://127.0.0.1:8620",
        "http://localhost:8620/",
        "http://localhost:8620@evil.example",
        "file://",
        "null",
        "",
        "localhost:8620",
    ] {
        let status = upgrade_status(&[
            ("host", "localhost:8620"),
            ("origin", origin),
            ("sec-websocket-protocol", &protocols),
        ]);
        assert_eq!(status, Err(StatusCode::FORBIDDEN), "{origin}");
    }
    let missing = [
        ("host", "localhost:8620"),
        ("sec-websocket-protocol", protocols.as_str()),
    ];
    assert_eq!(upgrade_status(&missing), Err(StatusCode::FORBIDDEN));
}

#[test]
fn a_wrong_or_missing_token_is_refused() {
    let prefix = TOKEN_SUBPROTOCOL_PREFIX;
    for protocols in [
        SUBPROTOCOL.to_string(),
        format!("{SUBPROTOCOL}, {prefix}"),
        format!("{SUBPROTOCOL}, {prefix}{}", &TOKEN[1..]),
        format!("{SUBPROTOCOL}, {prefix}{TOKEN}0"),
        format!("{SUBPROTOCOL}, {prefix}{}", TOKEN.to_uppercase()),
        format!("{prefix}{TOKEN}"),
        format!("{SUBPROTOCOL}, {TOKEN}"),
    ] {
        let status = upgrade_status(&[
            ("host", "localhost:8620"),
            ("origin", "http://localhost:8620"),
            ("sec-websocket-protocol", &protocols),
        ]);
        assert_eq!(status, Err(StatusCode::UNAUTHORIZED), "{protocols}");
    }
}

#[test]
fn tokens_are_random_long_and_silent() {
    let one = Token::random().expect("random numbers");
    let two = Token::random().expect("random numbers");
    assert!(one.as_str().len() * 4 >= 128);
    assert_ne!(one.as_str(), two.as_str());
    assert!(one.matches(one.as_str()) && !one.matches(two.as_str()));
    assert!(!format!("{one:?}").contains(one.as_str()));
    let trust = trust("127.0.0.1:8620", &[]);
    assert!(!format!("{trust:?}").contains(TOKEN));
}

#[test]
fn the_printed_url_can_be_opened() {
    let trust = trust("0.0.0.0:0", &[]);
    let url = trust.page_url("0.0.0.0:4711".parse().expect("an address"));
    assert_eq!(url, format!("http://127.0.0.1:4711/#token={TOKEN}"));
}

#[test]
fn responses_say_who_may_use_them() {
    let host = HostName::parse("localhost:8620");
    let mut headers = HeaderMap::new();
    secure(&mut headers, host.as_ref());
    let policy = headers["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("connect-src 'self' ws://localhost:8620;"));
    assert!(policy.contains("frame-ancestors 'none'"));
    assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval';"));
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["cache-control"], "no-store");
}

proptest! {
    /// Whatever the Host: no panic, and only what is loopback when read as an address
    /// or is "localhost" passes.
    #[test]
    fn no_other_host_passes(host in "[ -~]{0,40}") {
        let trust = trust("127.0.0.1:8620", &[]);
        if host_status(&trust, &host).is_ok() {
            let parsed = HostName::parse(&host).expect("it passed");
            let name = parsed.name();
            prop_assert!(name == "localhost" || name == "[::1]" || name.starts_with("127."));
        }
    }

    #[test]
    fn a_host_header_cannot_break_the_policy_header(host in "[!-~]{1,40}") {
        if let Some(host) = HostName::parse(&host) {
            let mut headers = HeaderMap::new();
            secure(&mut headers, Some(&host));
            let policy = headers["content-security-policy"].to_str().expect("text");
            prop_assert_eq!(policy.split(';').count(), 11);
            prop_assert!(!policy.contains(','));
        }
    }
}
