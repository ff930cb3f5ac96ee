//! The lab's web server, on the kernel's TCP.
//!
//! Well-behaved answers come from hyper; those that no honest server gives are written to the
//! socket by [`super::rude`], chosen by the first request of a connection before hyper sees it.

use super::content;
use super::rude::Rude;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue, LOCATION, SERVER,
};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

type Reply = Response<BoxBody<Bytes, Infallible>>;

/// How long a connection may stay without finishing its first request line.
const FIRST_LINE_PATIENCE: Duration = Duration::from_secs(30);
/// A request line that is longer than this is hyper's to refuse.
const FIRST_LINE_MAX: usize = 1024;

const INDEX: &str = "<!DOCTYPE html>
<html lang=\"en\">
<head>
  <meta charset=\"utf-8\">
  <title>www.lab.test</title>
</head>
<body>
  <h1>It works, and you saw every packet of it</h1>
  <p>This page was served by a kernel's TCP and fetched by a stack in your browser.</p>
  <ul>
    <li><a href=\"/size/1000000\">1 MB</a>, <a href=\"/size/100000000\">100 MB</a>,
      any <code>/size/&lt;n&gt;</code> with its digest at <code>/size/&lt;n&gt;.sha256</code></li>
    <li><a href=\"/four\">four writes of 110, 120, 200 and 500 bytes</a></li>
    <li><a href=\"/chunked\">in chunks</a>, <a href=\"/slow\">slowly</a>,
      <a href=\"/close\">until the connection closes</a></li>
    <li><a href=\"/cut\">cut off</a>, <a href=\"/reset\">reset in the middle</a>,
      <a href=\"/hang\">no answer at all</a></li>
    <li><a href=\"/endless-headers\">headers without end</a>,
      <a href=\"/redirect-loop\">a redirect to itself</a>, <a href=\"/not-http\">not HTTP</a></li>
  </ul>
</body>
</html>
";

/// Listens there and serves for as long as the runtime lives.
pub(super) async fn start(address: Ipv4Addr, port: u16) -> io::Result<()> {
    let listener = TcpListener::bind((address, port)).await?;
    tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    tokio::spawn(serve(stream));
                }
                // Out of descriptors: let some connections end first.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    });
    Ok(())
}

async fn serve(stream: TcpStream) {
    // As servers do: a small write must not wait for the last one's ACK.
    let prepared = stream.set_nodelay(true);
    let path = tokio::time::timeout(FIRST_LINE_PATIENCE, first_path(&stream)).await;
    let (Ok(()), Ok(Ok(path))) = (prepared, path) else {
        return;
    };
    match path.as_deref().and_then(Rude::of) {
        Some(rude) => rude.serve(stream).await,
        None => {
            let answer = service_fn(|request: Request<Incoming>| {
                std::future::ready(Ok::<_, Infallible>(answer(&request)))
            });
            // What a client breaks off is the client's business.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), answer)
                .await;
        }
    }
}

/// The path of the first request, left unread; `None` when it has none that could be told.
async fn first_path(stream: &TcpStream) -> io::Result<Option<String>> {
    let mut buffer = [0; FIRST_LINE_MAX];
    let mut seen = 0;
    loop {
        let len = stream.peek(&mut buffer).await?;
        let line_end = buffer[..len].iter().position(|&byte| byte == b'\n');
        if let Some(end) = line_end {
            let line = String::from_utf8_lossy(&buffer[..end]);
            return Ok(line.split(' ').nth(1).map(str::to_owned));
        }
        if len == 0 || len == buffer.len() {
            return Ok(None);
        }
        if len == seen {
            // Peeking does not wait for more than there was.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        seen = len;
    }
}

fn answer(request: &Request<impl Body>) -> Reply {
    let host = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("");
    let path = request.uri().path();
    if host.split(':').next() == Some("lab.test") {
        let to = format!("http://www.lab.test{path}");
        return redirect(StatusCode::MOVED_PERMANENTLY, &to);
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return text(
            StatusCode::METHOD_NOT_ALLOWED,
            "This server answers GET and HEAD.\n",
        );
    }
    match path {
        "/" => html(INDEX),
        "/chunked" => chunked(),
        "/slow" => slow(),
        "/redirect-loop" => redirect(StatusCode::FOUND, "/redirect-loop"),
        _ => match path.strip_prefix("/size/") {
            Some(size) => sized(size),
            None if Rude::of(path).is_some() => text(
                StatusCode::MISDIRECTED_REQUEST,
                "Ask for this on a connection of its own.\n",
            ),
            None => text(StatusCode::NOT_FOUND, "There is no such page in the lab.\n"),
        },
    }
}

fn sized(size: &str) -> Reply {
    let (number, digest) = match size.strip_suffix(".sha256") {
        Some(number) => (number, true),
        None => (size, false),
    };
    match number.parse::<u64>() {
        Ok(len) if len <= content::MAX_LEN && digest => {
            text(StatusCode::OK, &format!("{}\n", content::sha256_hex(len)))
        }
        Ok(len) if len <= content::MAX_LEN => {
            let blocks = content::blocks(len).map(|block| Ok(Frame::data(Bytes::from(block))));
            let body = StreamBody::new(futures_util::stream::iter(blocks));
            let mut reply = reply(
                StatusCode::OK,
                "application/octet-stream",
                BoxBody::new(body),
            );
            reply
                .headers_mut()
                .insert(CONTENT_LENGTH, HeaderValue::from(len));
            reply
        }
        _ => text(
            StatusCode::NOT_FOUND,
            "A size is a number of bytes, at most 4294967296.\n",
        ),
    }
}

/// Six chunks, without a length.
fn chunked() -> Reply {
    let chunks = (1..=6usize).map(|n| format!("chunk {n} of 6: {}\n", ".".repeat(n * 40)));
    let frames = chunks.map(|chunk| Ok(Frame::data(Bytes::from(chunk))));
    let body = StreamBody::new(futures_util::stream::iter(frames));
    reply(StatusCode::OK, "text/plain", BoxBody::new(body))
}

/// Ten lines, one every 200 ms, with a length.
fn slow() -> Reply {
    const LINE: &str = "one line every 200 ms\n";
    const LINES: u32 = 10;
    let lines = futures_util::stream::unfold(0, |sent| async move {
        if sent == LINES {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        Some((
            Ok(Frame::data(Bytes::from_static(LINE.as_bytes()))),
            sent + 1,
        ))
    });
    let mut reply = reply(
        StatusCode::OK,
        "text/plain",
        BoxBody::new(StreamBody::new(lines)),
    );
    let len = LINES * u32::try_from(LINE.len()).expect("a short line");
    reply
        .headers_mut()
        .insert(CONTENT_LENGTH, HeaderValue::from(len));
    reply
}

fn redirect(status: StatusCode, to: &str) -> Reply {
    let mut reply = text(status, &format!("This page is at {to}\n"));
    match HeaderValue::from_str(to) {
        Ok(location) => {
            reply.headers_mut().insert(LOCATION, location);
            reply
        }
        Err(_) => text(StatusCode::BAD_REQUEST, "This path cannot be redirected.\n"),
    }
}

fn html(page: &'static str) -> Reply {
    reply(StatusCode::OK, "text/html; charset=utf-8", whole(page))
}

fn text(status: StatusCode, line: &str) -> Reply {
    reply(status, "text/plain", whole(line.to_owned()))
}

fn whole(body: impl Into<Bytes>) -> BoxBody<Bytes, Infallible> {
    Full::new(body.into()).boxed()
}

fn reply(status: StatusCode, kind: &'static str, body: BoxBody<Bytes, Infallible>) -> Reply {
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static("synema-lab"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}
