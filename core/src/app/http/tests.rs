//! Responses of every shape, whole and in pieces.

use super::*;
use proptest::prelude::*;

const LIMITS: Limits = Limits {
    head_len: 64 << 10,
    head_fields: 128,
    body_len: 1 << 20,
};

/// What reading a whole response, and then the connection's end, comes to.
#[derive(Debug, PartialEq)]
struct Outcome {
    head: Option<ResponseHead>,
    body: Vec<u8>,
    end: Result<Ending, HttpError>,
    trailers: Vec<Header>,
    unused: usize,
}

/// Reads `bytes` in pieces of `piece` bytes, then the end of the connection.
fn read_in_pieces(method: Method, limits: Limits, bytes: &[u8], piece: usize) -> Outcome {
    let mut reader = ResponseReader::new(method, "http://www.lab.test/".to_owned(), limits);
    let (mut head, mut body, mut at) = (None, Vec::new(), 0);
    let mut window = piece.min(bytes.len());
    let (end, trailers) = loop {
        let mut chunk = Vec::new();
        let (used, step) = reader.read(&bytes[at..window], &mut chunk);
        assert!(chunk.len() <= MAX_CHUNK_LEN);
        body.extend_from_slice(&chunk);
        at += used;
        match step {
            Err(error) => break (Err(error), Vec::new()),
            Ok(ReadStep::Head(found)) => head = Some(found),
            Ok(ReadStep::Done { body_len, trailers }) => {
                break (Ok(Ending::Complete { body_len }), trailers);
            }
            Ok(ReadStep::More) if used > 0 && at < window => {}
            Ok(ReadStep::More) if window == bytes.len() => break (Ok(reader.finish()), Vec::new()),
            Ok(ReadStep::More) => window = (window + piece).min(bytes.len()),
        }
    };
    Outcome {
        head,
        body,
        end,
        trailers,
        unused: bytes.len() - at,
    }
}

fn read(bytes: &[u8]) -> Outcome {
    let whole = read_in_pieces(Method::Get, LIMITS, bytes, bytes.len().max(1));
    for piece in [1, 2, 3, 7] {
        let mut pieces = read_in_pieces(Method::Get, LIMITS, bytes, piece);
        if pieces.end.is_err() {
            pieces.unused = whole.unused; // how much was looked at before the error may differ
        }
        if let (Err(HttpError::NotHttp { .. }), Err(HttpError::NotHttp { .. })) =
            (&pieces.end, &whole.end)
        {
            continue; // shows as much of the start as had come
        }
        assert_eq!(pieces, whole, "in pieces of {piece}");
    }
    whole
}

#[allow(clippy::unnecessary_wraps)] // it stands where results are compared
fn complete(body_len: u64) -> Result<Ending, HttpError> {
    Ok(Ending::Complete { body_len })
}

#[test]
fn a_length_ends_the_body_and_leaves_what_follows() {
    let outcome = read(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: a\r\n\r\nhelloHTTP");
    assert_eq!(outcome.end, complete(5));
    assert_eq!(outcome.body, b"hello");
    assert_eq!(outcome.unused, 4);
    let head = outcome.head.expect("a head");
    assert_eq!((head.status, head.reason.as_str()), (200, "OK"));
    assert_eq!(head.body_len, Some(5));
    assert_eq!(head.header("x").map(Header::text).as_deref(), Some("a"));
}

#[test]
fn chunks_with_extensions_and_trailers() {
    let outcome = read(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n\
          5;a=\"b\"\r\nhello\r\n1 \r\n \r\n0005\r\nworld\r\n0\r\nDigest: x\r\n\r\n",
    );
    assert_eq!(outcome.end, complete(11));
    assert_eq!(outcome.body, b"hello world");
    assert_eq!(outcome.trailers.len(), 1);
    assert!(outcome.trailers[0].is("digest"));
}

#[test]
fn the_end_of_the_connection_ends_a_body_without_length() {
    let outcome = read(b"HTTP/1.0 200 OK\n\nall of this");
    assert_eq!(outcome.end, complete(11));
    assert_eq!(outcome.body, b"all of this");
}

#[test]
fn interim_responses_are_skipped() {
    let outcome = read(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n\
          HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
    );
    assert_eq!(outcome.end, complete(0));
    assert_eq!(outcome.head.expect("a head").status, 200);
    let endless = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100);
    assert_eq!(read(&endless).end, Err(HttpError::TooManyInterim));
    let switched = read(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n");
    assert_eq!(switched.end, Err(HttpError::SwitchedProtocols));
}

#[test]
fn some_responses_have_no_body_whatever_they_say() {
    for status in ["204 No Content", "304 Not Modified"] {
        let text = format!("HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\n");
        assert_eq!(read(text.as_bytes()).end, complete(0));
    }
    let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
    let outcome = read_in_pieces(Method::Head, LIMITS, bytes, 3);
    assert_eq!(outcome.end, complete(0));
    let head = outcome.head.expect("a head");
    assert_eq!(
        head.header("content-length").map(Header::text).as_deref(),
        Some("1000")
    );
}

#[test]
fn framings_that_contradict_each_other_are_refused() {
    let with =
        |fields: &str| read(format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\nhello").as_bytes()).end;
    assert_eq!(
        with("Content-Length: 5\r\nTransfer-Encoding: chunked"),
        Err(HttpError::LengthAndCoding)
    );
    for value in [
        "5\r\nContent-Length: 5",
        "5\r\nContent-Length: 6",
        "5, 5",
        "+5",
        "-1",
        "",
        "0x5",
        "5 5",
        "18446744073709551616",
    ] {
        let refused = with(&format!("Content-Length: {value}"));
        assert!(
            matches!(refused, Err(HttpError::BadContentLength { .. })),
            "{value}: {refused:?}"
        );
    }
    for value in [
        "gzip",
        "gzip, chunked",
        "chunked, chunked",
        "chunked, gzip",
        "xchunked",
        "",
    ] {
        let refused = with(&format!("Transfer-Encoding: {value}"));
        assert!(
            matches!(refused, Err(HttpError::TransferCoding { .. })),
            "{value}: {refused:?}"
        );
    }
    let old = read(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").end;
    assert!(matches!(old, Err(HttpError::BadHead { .. })));
}

#[test]
fn what_is_cut_off_says_how_much_came() {
    let cut = read(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    assert_eq!(
        cut.end,
        Ok(Ending::InBody {
            received: 5,
            expected: Some(10)
        })
    );
    assert_eq!(cut.body, b"hello");
    for tail in [
        "5\r\nhel",
        "5\r\nhello",
        "5\r\nhello\r\n",
        "5\r\nhello\r\n0\r\n",
        "5\r\nhello\r\n0\r\nA: b\r\n",
    ] {
        let text = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{tail}");
        let cut = read(text.as_bytes());
        assert!(
            matches!(cut.end, Ok(Ending::InBody { expected: None, .. })),
            "{tail:?}"
        );
    }
    assert_eq!(
        read(b"HTTP/1.1 200 O").end,
        Ok(Ending::InHead { received: 14 })
    );
    assert_eq!(read(b"").end, Ok(Ending::InHead { received: 0 }));
}

#[test]
fn malformed_chunks_are_refused() {
    for tail in [
        "x\r\n",
        "\r\n",
        "-1\r\n",
        "5\r\nhelloX\r\n",
        "5\nhello\r\n",
        "11111111111111111\r\n",
        "5 5\r\n",
    ] {
        let text = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{tail}");
        let refused = read(text.as_bytes()).end;
        assert!(
            matches!(refused, Err(HttpError::BadChunk { .. })),
            "{tail:?}: {refused:?}"
        );
    }
    let mut endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    endless.extend(
        format!("1;{}\r\nx\r\n", "e".repeat(4000))
            .repeat(20)
            .into_bytes(),
    );
    let refused = read_in_pieces(Method::Get, LIMITS, &endless, 1000).end;
    assert_eq!(
        refused,
        Err(HttpError::BadChunk {
            why: "extensions without end".to_owned()
        })
    );
}

#[test]
fn limits_hold() {
    let limits = Limits {
        head_len: 200,
        head_fields: 3,
        body_len: 10,
    };
    let end = |text: String| read_in_pieces(Method::Get, limits, text.as_bytes(), 50).end;
    let head = "HTTP/1.1 200 OK\r\n";
    assert_eq!(
        end(format!("{head}A: {}", "x".repeat(400))),
        Err(HttpError::HeadTooLong { limit: 200 })
    );
    assert_eq!(
        end(format!("{head}{}\r\n", "A: b\r\n".repeat(4))),
        Err(HttpError::TooManyFields { limit: 3 })
    );
    let too_long = Err(HttpError::BodyTooLong { limit: 10 });
    assert_eq!(end(format!("{head}Content-Length: 11\r\n\r\n")), too_long);
    assert_eq!(end(format!("{head}\r\n{}", "x".repeat(11))), too_long);
    assert_eq!(end(format!("{head}\r\n{}", "x".repeat(10))), complete(10));
    assert_eq!(
        end(format!(
            "{head}Transfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n3\r\n"
        )),
        too_long
    );
    let trailers = format!(
        "{head}Transfer-Encoding: chunked\r\n\r\n0\r\n{}",
        "A: b\r\n".repeat(60)
    );
    assert!(matches!(end(trailers), Err(HttpError::BadChunk { .. })));
}

#[test]
fn what_is_not_http_is_said_to_be_so_at_once() {
    let outcome = read_in_pieces(Method::Get, LIMITS, b"SSH-2.0-OpenSSH_9.9\r\n", 64);
    assert_eq!(
        outcome.end,
        Err(HttpError::NotHttp {
            start: "SSH-2.0-OpenSSH_9.9\\r\\n".to_owned()
        })
    );
    assert!(matches!(
        read(b"HTTP/2 200\r\n\r\n").end,
        Err(HttpError::NotHttp { .. })
    ));
    assert!(matches!(
        read(b"HTTP/1.1 2x0 OK\r\n\r\n").end,
        Err(HttpError::BadHead { .. })
    ));
    assert!(matches!(
        read(b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n").end,
        Err(HttpError::BadHead { .. })
    ));
}

#[test]
fn folded_fields_become_one_line() {
    let outcome = read(b"HTTP/1.1 200 OK\r\nX: a\r\n  b\r\nContent-Length: 0\r\n\r\n");
    let head = outcome.head.expect("a head");
    let text = head.header("X").map(|header| header.text().into_owned());
    assert_eq!(text.as_deref(), Some("a    b"));
}

#[test]
fn a_large_body_comes_in_pieces_of_bounded_size() {
    let mut bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n".to_vec();
    let body: Vec<u8> = (0..300_000u32).map(|i| i as u8).collect();
    bytes.extend_from_slice(&body);
    let outcome = read_in_pieces(Method::Get, LIMITS, &bytes, bytes.len());
    assert_eq!(outcome.end, complete(300_000));
    assert_eq!(outcome.body, body);
}

#[test]
fn requests_read_as_they_should() {
    let target = Target::parse(" http://me:p%40ss@www.lab.test:8080/a b?q=1#frag ").expect("a URL");
    let text = String::from_utf8(request(Method::Get, &target)).expect("ASCII");
    assert!(
        text.starts_with("GET /a%20b?q=1 HTTP/1.1\r\nHost: www.lab.test:8080\r\n"),
        "{text}"
    );
    assert!(
        text.contains("Authorization: Basic bWU6cEBzcw==\r\n"),
        "{text}"
    );
    assert!(text.ends_with("\r\n\r\n"));
    assert_eq!(
        target.to_string(),
        "http://www.lab.test:8080/a%20b?q=1#frag"
    );
    let plain = Target::parse("http://10.0.0.1:80").expect("a URL");
    let text = String::from_utf8(request(Method::Head, &plain)).expect("ASCII");
    assert!(
        text.starts_with("HEAD / HTTP/1.1\r\nHost: 10.0.0.1\r\n"),
        "{text}"
    );
    assert!(!text.contains("Authorization"));
    assert_eq!(plain.host(), TargetHost::Addr([10, 0, 0, 1].into()));
}

#[test]
fn urls_that_cannot_be_fetched_say_why() {
    let why = |text: &str| Target::parse(text).expect_err(text);
    assert!(matches!(why("https://www.lab.test/"), UrlError::Tls { .. }));
    assert!(why("https://www.lab.test/").is_unsupported());
    assert!(matches!(why("http://[::1]/"), UrlError::Ipv6 { .. }));
    for text in [
        "www.lab.test",
        "www.lab.test:80/x",
        "localhost:8000/x",
        "/x",
    ] {
        assert!(matches!(why(text), UrlError::NoScheme { .. }), "{text}");
    }
    for text in [
        "",
        "http://",
        "http://a b/",
        "http://1.2.3.999/",
        "http://a:99999/",
    ] {
        assert!(matches!(why(text), UrlError::Unparsable { .. }), "{text}");
    }
    assert!(matches!(why("ftp://a/"), UrlError::Scheme { .. }));
    for text in [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://0/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
    ] {
        assert!(matches!(why(text), UrlError::NotAHost { .. }), "{text}");
    }
    assert!(matches!(why("http://a..b/"), UrlError::BadName { .. }));
    assert!(matches!(
        why(&format!("http://{}.test/", "a".repeat(64))),
        UrlError::BadName { .. }
    ));
    assert!(matches!(why("http://a:0/"), UrlError::PortZero));
    assert!(matches!(
        why(&format!("http://a/{}", "x".repeat(9000))),
        UrlError::TooLong { .. }
    ));
}

#[test]
fn redirects_are_resolved_and_carry_no_password_abroad() {
    let target = Target::parse("http://me:secret@a.test/x/y?q#f").expect("a URL");
    let to = |location: &str| target.redirect(location).expect(location);
    assert_eq!(to("../z").to_string(), "http://a.test/z#f");
    assert_eq!(to("//b.test/").to_string(), "http://b.test/#f");
    assert_eq!(to("http://b.test/#g").to_string(), "http://b.test/#g");
    assert_eq!(to("?p").to_string(), "http://a.test/x/y?p#f");
    assert!(to("../z").userinfo().is_some());
    assert!(to("http://b.test/").userinfo().is_none());
    assert!(matches!(
        target.redirect("https://a.test/"),
        Err(UrlError::Tls { .. })
    ));
}

proptest! {
    #[test]
    fn nothing_that_comes_can_hurt(bytes in proptest::collection::vec(any::<u8>(), 0..600), piece in 1usize..64) {
        for start in [&b""[..], b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"] {
            let all = [start, bytes.as_slice()].concat();
            let outcome = read_in_pieces(Method::Get, LIMITS, &all, piece);
            prop_assert!(outcome.body.len() <= all.len());
        }
    }

    #[test]
    fn any_chunking_gives_the_body_back(
        chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..300), 0..12),
        piece in 1usize..700,
    ) {
        let mut bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        for chunk in &chunks {
            bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        let outcome = read_in_pieces(Method::Get, LIMITS, &bytes, piece);
        let body = chunks.concat();
        prop_assert_eq!(outcome.end, complete(body.len() as u64));
        prop_assert_eq!(outcome.body, body);
    }

    #[test]
    fn no_url_can_hurt(text in "\\PC{0,80}") {
        for text in [text.clone(), format!("http://{text}"), format!("http://a/{text}")] {
            if let Ok(target) = Target::parse(&text) {
                let bytes = request(Method::Get, &target);
                // Nothing typed breaks out of its line.
                let lines = 7 + usize::from(target.userinfo().is_some());
                prop_assert_eq!(bytes.iter().filter(|&&byte| byte == b'\n').count(), lines);
                prop_assert_eq!(bytes.iter().filter(|&&byte| byte == b'\r').count(), lines);
                prop_assert!(String::from_utf8_lossy(&bytes).starts_with("GET /"));
            }
        }
    }
}
