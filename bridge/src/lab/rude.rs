//! Answers that no honest server gives, written to the socket byte by byte.

use super::content;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Headers without end do end, lest a client without a limit fill the machine.
const ENDLESS_BYTES: usize = 64 << 20;
/// How long a peer may keep us waiting.
const PATIENCE: Duration = Duration::from_secs(60);
/// The bytes of `/close`, and what `/cut` and `/reset` promise.
const BODY_LEN: u64 = 10_000;
/// What `/cut` and `/reset` send of it.
const SENT_LEN: u64 = 4_000;
/// The writes of `/four`: the headers, then three parts of the body.
const FOUR_WRITES: [usize; 4] = [110, 120, 200, 500];

/// A way to misbehave, or to behave in a way that hyper does not let one choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rude {
    /// No length: the body ends when the connection does.
    Close,
    /// Fewer bytes than promised, then FIN.
    Cut,
    /// Fewer bytes than promised, then RST.
    Reset,
    /// Header after header.
    EndlessHeaders,
    /// Exactly four writes of 110, 120, 200 and 500 bytes, each a segment of its own.
    Four,
    /// The request is taken, and nothing comes back.
    Hang,
    /// Bytes of another protocol.
    NotHttp,
}

impl Rude {
    /// What the path asks for.
    pub(super) fn of(path: &str) -> Option<Self> {
        Some(match path {
            "/close" => Self::Close,
            "/cut" => Self::Cut,
            "/reset" => Self::Reset,
            "/endless-headers" => Self::EndlessHeaders,
            "/four" => Self::Four,
            "/hang" => Self::Hang,
            "/not-http" => Self::NotHttp,
            _ => return None,
        })
    }

    /// Answers, and ends the connection.
    pub(super) async fn serve(self, mut stream: TcpStream) {
        // A client that breaks off has what it wanted.
        let _ = tokio::time::timeout(PATIENCE, self.answer(&mut stream)).await;
    }

    async fn answer(self, stream: &mut TcpStream) -> io::Result<()> {
        read_request(stream).await?;
        let promise = format!("Content-Length: {BODY_LEN}\r\n\r\n");
        match self {
            Self::Close => {
                stream
                    .write_all(&[&head("Connection: close\r\n\r\n"), &body(BODY_LEN)[..]].concat())
                    .await?;
            }
            Self::Cut => {
                stream
                    .write_all(&[&head(&promise), &body(SENT_LEN)[..]].concat())
                    .await?;
            }
            Self::Reset => {
                stream
                    .write_all(&[&head(&promise), &body(SENT_LEN)[..]].concat())
                    .await?;
                // What was sent shall arrive first.
                tokio::time::sleep(Duration::from_millis(100)).await;
                return stream.set_zero_linger();
            }
            Self::EndlessHeaders => return endless(stream).await,
            Self::Four => four(stream).await?,
            Self::Hang => return drain(stream).await,
            Self::NotHttp => {
                stream
                    .write_all(b"SSH-2.0-this is no web server\r\n")
                    .await?;
            }
        }
        stream.shutdown().await?;
        drain(stream).await
    }
}

/// Reads up to the empty line that ends a request without a body.
async fn read_request(stream: &mut TcpStream) -> io::Result<()> {
    let mut seen = Vec::new();
    while !seen.windows(4).any(|end| end == b"\r\n\r\n") {
        if seen.len() > 64 * 1024 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if stream.read_buf(&mut seen).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

/// Waits until the client closes, so that unread bytes do not turn our FIN into an RST.
async fn drain(stream: &mut TcpStream) -> io::Result<()> {
    let mut sink = [0; 4096];
    while stream.read(&mut sink).await? > 0 {}
    Ok(())
}

async fn endless(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
    let mut sent = 0;
    for number in 0u32.. {
        let line = format!("X-Endless-{number}: {}\r\n", "x".repeat(1000));
        stream.write_all(line.as_bytes()).await?;
        sent += line.len();
        if sent > ENDLESS_BYTES {
            break;
        }
    }
    Ok(())
}

async fn four(stream: &mut TcpStream) -> io::Result<()> {
    let [first, rest @ ..] = FOUR_WRITES;
    let body_len: usize = rest.iter().sum();
    let before = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {body_len}\r\nX-Fill: "
    );
    let fill = first - before.len() - 4;
    let head = format!("{before}{}\r\n\r\n", "-".repeat(fill));
    stream.write_all(head.as_bytes()).await?;
    for (at, len) in rest.into_iter().enumerate() {
        // With TCP_NODELAY each write is a segment; the pause keeps the kernel from joining two
        // that wait for the same softirq.
        tokio::time::sleep(Duration::from_millis(5)).await;
        let letter = b'a' + u8::try_from(at).expect("0..3");
        stream.write_all(&vec![letter; len]).await?;
    }
    Ok(())
}

fn head(rest: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n{rest}").into_bytes()
}

fn body(len: u64) -> Vec<u8> {
    content::blocks(len).flatten().collect()
}
