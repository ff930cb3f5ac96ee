//! What is answered: the status, the header fields, and which bytes follow.

use super::date;
use super::directory::Listed;
use super::path::{Path, encoded};
use super::request::Request;
use core::fmt::Write as _;
use core::ops::Range;

/// An answer's head, and its body if that is short and at hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    fields: String,
    pub(super) body: Vec<u8>,
    /// How long the body is, be it in `body` or in a file.
    pub(super) body_len: u64,
}

impl Answer {
    fn new(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        write!(self.fields, "{name}: {value}\r\n").expect("a String takes what is written");
        self
    }

    fn with_body(self, content_type: &str, body: Vec<u8>) -> Self {
        let answer = self.with("Content-Type", content_type);
        Self {
            body_len: body.len() as u64,
            body,
            ..answer
        }
    }

    /// A status, said in words.
    pub(super) fn of_status(status: u16) -> Self {
        let text = format!("{status} {}\n", reason(status));
        let answer = Self::new(status).with_body("text/plain; charset=utf-8", text.into_bytes());
        match status {
            // RFC 9110 §15.5.6
            405 => answer.with("Allow", "GET, HEAD"),
            _ => answer,
        }
    }

    /// A folder was asked for without the slash at its end.
    pub(super) fn moved_to(path: &Path) -> Self {
        Self::of_status(301).with("Location", &path.as_folder_url())
    }

    /// What is in a folder.
    pub(super) fn list(path: &Path, mut listed: Vec<Listed>) -> Self {
        listed.sort_by(|a, b| (!a.is_folder, &a.name).cmp(&(!b.is_folder, &b.name)));
        let title = escaped(&format!("/{}", path.names.join("/")));
        let mut page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\n\
             <h1>{title}</h1>\n<ul>\n"
        );
        if !path.names.is_empty() {
            page.push_str("<li><a href=\"../\">../</a>\n");
        }
        for Listed {
            name,
            is_folder,
            len,
        } in listed
        {
            let slash = if is_folder { "/" } else { "" };
            let size = if is_folder {
                String::new()
            } else {
                format!(" {len} bytes")
            };
            // "./": a name with a colon must not be taken for a scheme.
            let (url, shown) = (encoded(&name), escaped(&name));
            writeln!(
                page,
                "<li><a href=\"./{url}{slash}\">{shown}{slash}</a>{size}"
            )
            .expect("a String takes what is written");
        }
        page.push_str("</ul>\n</html>\n");
        Self::new(200).with_body("text/html; charset=utf-8", page.into_bytes())
    }

    /// The head as it goes over the wire. `date` in seconds since 1970, if known.
    pub(super) fn head(&self, keep_alive: bool, date: Option<u64>) -> Vec<u8> {
        let Self { status, fields, .. } = self;
        let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(*status));
        if let Some(secs) = date {
            write!(head, "Date: {}\r\n", date::written(secs)).expect("a String takes it");
        }
        head.push_str("Server: synema\r\n");
        // RFC 9110 §8.6: a 304 says nothing of a length that it does not send.
        if *status != 304 {
            write!(head, "Content-Length: {}\r\n", self.body_len).expect("a String takes it");
        }
        head.push_str(fields);
        if !keep_alive {
            head.push_str("Connection: close\r\n");
        }
        head.push_str("\r\n");
        head.into_bytes()
    }
}

/// A file, as far as an answer is about it.
#[derive(Clone, Debug)]
pub(super) struct FileFacts<'a> {
    pub(super) name: &'a str,
    pub(super) len: u64,
    pub(super) modified_ns: Option<u64>,
}

impl FileFacts<'_> {
    fn modified_secs(&self) -> Option<u64> {
        self.modified_ns.map(|ns| ns / 1_000_000_000)
    }

    /// RFC 9110 §8.8.3: another one as soon as the file was changed.
    fn etag(&self) -> Option<String> {
        let ns = self.modified_ns?;
        Some(format!("\"{ns:x}-{:x}\"", self.len))
    }

    /// What is answered to a request for the file, and which of its bytes follow.
    pub(super) fn answer(&self, request: &Request) -> (Answer, Range<u64>) {
        let described = |status| {
            let mut answer = Answer::new(status);
            if let Some(etag) = self.etag() {
                answer = answer.with("ETag", &etag);
            }
            if let Some(secs) = self.modified_secs() {
                answer = answer.with("Last-Modified", &date::written(secs));
            }
            answer
        };
        if self.is_known_to(request) {
            return (described(304), 0..0);
        }
        let range = request
            .range
            .as_deref()
            .filter(|_| self.may_be_partial(request));
        let (mut answer, part) = match range.map(|range| parse_range(range, self.len)) {
            Some(Wanted::Part(part)) => {
                let Range { start, end } = part;
                let value = format!("bytes {start}-{}/{}", end - 1, self.len);
                (described(206).with("Content-Range", &value), part)
            }
            Some(Wanted::Outside) => {
                let value = format!("bytes */{}", self.len);
                return (Answer::of_status(416).with("Content-Range", &value), 0..0);
            }
            Some(Wanted::Whole) | None => (described(200), 0..self.len),
        };
        answer.body_len = part.end - part.start;
        let answer = answer
            .with("Accept-Ranges", "bytes")
            .with("Content-Type", content_type(self.name))
            .with("X-Content-Type-Options", "nosniff");
        (answer, part)
    }

    /// RFC 9110 §13.2.2: `If-None-Match` first, and only without it the date.
    fn is_known_to(&self, request: &Request) -> bool {
        if let Some(tags) = &request.if_none_match {
            let Some(etag) = self.etag() else {
                return false;
            };
            let is_ours = |tag: &str| tag.trim().trim_start_matches("W/") == etag;
            return tags.trim() == "*" || tags.split(',').any(is_ours);
        }
        let since = request.if_modified_since.as_deref().and_then(date::read);
        matches!((self.modified_secs(), since), (Some(ours), Some(theirs)) if ours <= theirs)
    }

    /// RFC 9110 §13.1.5: a range of the file that the client has a part of.
    fn may_be_partial(&self, request: &Request) -> bool {
        let Some(condition) = &request.if_range else {
            return true;
        };
        self.etag().is_some_and(|etag| *condition == etag)
    }
}

/// Which part of a file is wanted.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    /// All, for the range says nothing that we know.
    Whole,
    Part(Range<u64>),
    /// None of it is there.
    Outside,
}

/// RFC 9110 §14.1.2. Several ranges are as good as none: RFC 9110 §14.2 allows to
/// ignore them.
fn parse_range(value: &str, len: u64) -> Wanted {
    let Some(spec) = value.strip_prefix("bytes=").map(str::trim) else {
        return Wanted::Whole;
    };
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // More digits than fit lie behind every end.
        is_number.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    let Some((first, last)) = spec.split_once('-') else {
        return Wanted::Whole;
    };
    let part = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(len),
        (Some(first), None) if last.is_empty() => first..len,
        (None, Some(suffix)) if first.is_empty() => len.saturating_sub(suffix)..len,
        _ => return Wanted::Whole,
    };
    if part.is_empty() {
        Wanted::Outside
    } else {
        Wanted::Part(part)
    }
}

fn content_type(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "txt" | "md" | "log" => "text/plain; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "pdf" => "application/pdf",
        "xml" => "application/xml",
        "mp4" => "video/mp4",
        "woff2" => "font/woff2",
        "pcap" => "application/vnd.tcpdump.pcap",
        _ => "application/octet-stream",
    }
}

/// RFC 9110 §15.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        301 => "Moved Permanently",
        304 => "Not Modified",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        416 => "Range Not Satisfiable",
        421 => "Misdirected Request",
        431 => "Request Header Fields Too Large",
        505 => "HTTP Version Not Supported",
        _ => "Internal Server Error",
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let part = |value| parse_range(value, 100);
        assert_eq!(part("bytes=0-9"), Wanted::Part(0..10));
        assert_eq!(
            part("bytes=90-999999999999999999999999"),
            Wanted::Part(90..100)
        );
        assert_eq!(part("bytes=99-"), Wanted::Part(99..100));
        assert_eq!(part("bytes=-1"), Wanted::Part(99..100));
        assert_eq!(part("bytes=-1000"), Wanted::Part(0..100));
        assert_eq!(part("bytes=100-"), Wanted::Outside);
        assert_eq!(part("bytes=-0"), Wanted::Outside);
        assert_eq!(parse_range("bytes=0-", 0), Wanted::Outside);
        for odd in [
            "bytes=5-4",
            "bytes=0-1,3-4",
            "bytes=-",
            "bytes=a-b",
            "lines=0-1",
            "0-1",
        ] {
            assert_eq!(part(odd), Wanted::Whole, "{odd}");
        }
    }

    #[test]
    fn names_cannot_write_html_or_a_scheme() {
        let path = Path::parse("/%3Cb%3E/").unwrap();
        let listed = vec![Listed {
            name: "javascript:alert(\"<i>\")".into(),
            is_folder: false,
            len: 3,
        }];
        let page = String::from_utf8(Answer::list(&path, listed).body).unwrap();
        assert!(!page.contains("<b>") && !page.contains("<i>"), "{page}");
        assert!(
            page.contains("href=\"./javascript:alert(%22%3Ci%3E%22)\""),
            "{page}"
        );
    }
}
