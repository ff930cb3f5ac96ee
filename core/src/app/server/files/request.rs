//! A request's head, read from bytes as they come.

use crate::app::http::Method;

/// Most header fields of a request.
const MAX_FIELDS: usize = 64;
/// Longest head, bytes.
pub(super) const MAX_HEAD_LEN: usize = 16 << 10;

/// What reading a head came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// More bytes are needed.
    Incomplete,
    /// It stands in the first `len` bytes.
    Complete { len: usize, request: Request },
    /// It will never be one: the status to answer with.
    Bad(u16),
}

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    /// As it came.
    pub(super) method: String,
    /// `None`: one that this server does not do.
    pub(super) known: Option<Method>,
    /// As it came.
    pub(super) target: String,
    /// By which name it is asked for, without the port.
    pub(super) host: Option<String>,
    /// Whether the client will ask again on this connection.
    pub(super) keep_alive: bool,
    pub(super) range: Option<String>,
    pub(super) if_range: Option<String>,
    pub(super) if_none_match: Option<String>,
    pub(super) if_modified_since: Option<String>,
}

/// Reads the head that `bytes` begin with.
pub(super) fn read(bytes: &[u8]) -> Reading {
    // RFC 9112 §2.2: empty lines before a request are to be ignored.
    let start = bytes
        .iter()
        .position(|byte| !matches!(byte, b'\r' | b'\n'))
        .unwrap_or(bytes.len());
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut parsed = httparse::Request::new(&mut fields);
    match parsed.parse(&bytes[start..]) {
        Ok(httparse::Status::Complete(len)) => match judge(&parsed) {
            Ok(request) => Reading::Complete {
                len: start + len,
                request,
            },
            Err(status) => Reading::Bad(status),
        },
        Ok(httparse::Status::Partial) if bytes.len() < MAX_HEAD_LEN => Reading::Incomplete,
        // RFC 6585 §5: Request Header Fields Too Large.
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => Reading::Bad(431),
        Err(httparse::Error::Version) => Reading::Bad(505),
        Err(_) => Reading::Bad(400),
    }
}

fn judge(parsed: &httparse::Request<'_, '_>) -> Result<Request, u16> {
    let is_1_1 = parsed.version == Some(1);
    let mut request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        target: parsed.path.unwrap_or_default().to_owned(),
        keep_alive: is_1_1,
        ..Request::default()
    };
    request.known = match request.method.as_str() {
        "GET" => Some(Method::Get),
        "HEAD" => Some(Method::Head),
        _ => None,
    };
    let mut hosts = 0;
    let mut has_body = false;
    for field in parsed.headers.iter() {
        let text = String::from_utf8_lossy(field.value).trim().to_owned();
        match field.name.to_ascii_lowercase().as_str() {
            "host" => {
                hosts += 1;
                let name = text.rsplit_once(':').map_or(&*text, |(name, _)| name);
                request.host = Some(name.to_ascii_lowercase());
            }
            "connection" => request.keep_alive = keeps_alive(&text, is_1_1),
            "content-length" => has_body |= text != "0",
            "transfer-encoding" => has_body = true,
            "range" => request.range = Some(text),
            "if-range" => request.if_range = Some(text),
            "if-none-match" => request.if_none_match = Some(text),
            "if-modified-since" => request.if_modified_since = Some(text),
            _ => {}
        }
    }
    // RFC 9112 §3.2: exactly one Host, in HTTP/1.1.
    if hosts > 1 || (is_1_1 && hosts == 0) {
        return Err(400);
    }
    // What we do not read could be taken for the next request.
    request.keep_alive &= !has_body;
    Ok(request)
}

/// RFC 9112 §9.3.
fn keeps_alive(connection: &str, is_1_1: bool) -> bool {
    let has = |word: &str| {
        let mut options = connection.split(',');
        options.any(|option| option.trim().eq_ignore_ascii_case(word))
    };
    !has("close") && (is_1_1 || has("keep-alive"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn request(head: &str) -> Request {
        match read(head.as_bytes()) {
            Reading::Complete { len, request } => {
                assert_eq!(len, head.len());
                request
            }
            other => panic!("{head}: {other:?}"),
        }
    }

    #[test]
    fn a_head_may_come_byte_by_byte_and_the_next_one_behind_it() {
        let head = "\r\nGET /a?b HTTP/1.1\r\nHost: x\r\nRange: bytes=1-\r\n\r\n";
        for len in 0..head.len() {
            assert_eq!(read(&head.as_bytes()[..len]), Reading::Incomplete);
        }
        let request = request(head);
        assert_eq!(
            (request.target.as_str(), request.keep_alive),
            ("/a?b", true)
        );
        assert_eq!(request.known, Some(Method::Get));
        assert_eq!(request.range.as_deref(), Some("bytes=1-"));
        let two = format!("{head}GET /c HTTP/1.1\r\n");
        let first = head.len();
        assert!(matches!(read(two.as_bytes()), Reading::Complete { len, .. } if len == first));
    }

    #[test]
    fn who_keeps_the_connection() {
        let keeps = |head: &str| request(head).keep_alive;
        assert!(!keeps("GET / HTTP/1.0\r\n\r\n"));
        assert!(keeps("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
        assert!(!keeps(
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n"
        ));
        assert!(!keeps(
            "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"
        ));
        assert!(!keeps(
            "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        ));
        assert_eq!(request("BREW / HTTP/1.1\r\nHost: x\r\n\r\n").known, None);
    }

    #[test]
    fn what_is_no_request_is_answered_so() {
        assert_eq!(read(b"GET / HTTP/1.1\r\n\r\n"), Reading::Bad(400));
        assert_eq!(
            read(b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"),
            Reading::Bad(400)
        );
        assert_eq!(read(b"GET / HTTP/2.0\r\n\r\n"), Reading::Bad(505));
        assert_eq!(read(b"\x16\x03\x01\x02\x00\x01"), Reading::Bad(400));
        let endless = [b"GET /", vec![b'a'; MAX_HEAD_LEN].as_slice()].concat();
        assert_eq!(read(&endless), Reading::Bad(431));
        let many = format!(
            "GET / HTTP/1.1\r\n{}\r\n",
            "a: b\r\n".repeat(MAX_FIELDS + 1)
        );
        assert_eq!(read(many.as_bytes()), Reading::Bad(431));
    }

    proptest! {
        /// A stranger's bytes are read or refused, and never more than came.
        #[test]
        fn any_bytes_are_read_or_refused(
            bytes in "(GET |HEAD |/|\r\n|Host: x\r\n|HTTP/1\\.[01]\r\n|[ -~]|\\PC){0,40}",
        ) {
            if let Reading::Complete { len, request } = read(bytes.as_bytes()) {
                prop_assert!(len <= bytes.len());
                prop_assert!(!request.method.is_empty() && !request.target.is_empty());
            }
        }
    }
}
