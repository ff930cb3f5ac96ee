//! One page's WebSocket: hello, then messages both ways until one side has enough.

use super::hub::{Command, HubHandle, error};
use super::seat::Outbox;
use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use std::time::Duration;
use synema_relay::{
    DecodeError, ErrorCode, FromPage, MAX_MESSAGE, PageHello, ToPage, encode_to_page,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

/// How long a page may take to say hello.
const HELLO_WAIT: Duration = Duration::from_secs(10);
/// How often a silent page is asked whether it is there.
const PING_INTERVAL: Duration = Duration::from_secs(15);
/// A page that said nothing for so long, not even to pings, is gone.
const SILENCE: Duration = Duration::from_secs(45);
/// How long an ended socket is read on, so that its last message is not lost to a reset.
const LINGER: Duration = Duration::from_secs(1);
/// Control messages and receipts that wait for the socket.
const CONTROL_QUEUE: usize = 256;
/// Messages of frames that wait for the socket: 4 MiB.
const FRAMES_QUEUE: usize = 64;

type Sink<S> = SplitSink<WebSocketStream<S>, Message>;
type Stream<S> = SplitStream<WebSocketStream<S>>;

/// The limits of a page's socket.
pub(super) fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE))
        .max_write_buffer_size(1 << 20)
}

/// Talks with a page until one side has enough.
pub(super) async fn talk<S>(socket: WebSocketStream<S>, hub: HubHandle)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sink, mut stream) = socket.split();
    let (control, control_queue) = mpsc::channel(CONTROL_QUEUE);
    let (frames, frames_queue) = mpsc::channel(FRAMES_QUEUE);
    let (held, let_go) = oneshot::channel();
    let outbox = Outbox {
        control,
        frames,
        held,
    };
    let conn = match greet(&mut stream, &hub, outbox).await {
        Ok(conn) => conn,
        Err(refused) => {
            if let Some(refused) = refused {
                part(&mut sink, &mut stream, &refused).await;
            }
            return;
        }
    };
    let writing = write(sink, control_queue, frames_queue);
    tokio::pin!(writing);
    let failed = tokio::select! {
        ended = read(&mut stream, &hub, conn) => ended.err(),
        () = &mut writing => None,
        // The hub has let go: what it said last may still be written, if the page reads.
        () = async { let _ = let_go.await; sleep(LINGER).await } => None,
    };
    if let Some(error) = failed {
        // The hub says it after all that it has said already, and lets the writer end.
        hub.ask(Command::Fail { conn, error }).await;
        let _ = timeout(LINGER, &mut writing).await;
    }
    hub.ask(Command::Detach { conn }).await;
    linger(&mut stream).await;
}

/// The page's hello, and the hub's answer. No error means that the socket is gone.
async fn greet<S>(
    stream: &mut Stream<S>,
    hub: &HubHandle,
    outbox: Outbox,
) -> Result<u64, Option<ToPage>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let first = timeout(HELLO_WAIT, next_binary(stream))
        .await
        .map_err(|_| {
            error(
                ErrorCode::TooSlow,
                "the page did not say hello in time",
                "reload the page",
            )
        })?;
    let Some(first) = first? else {
        return Err(None);
    };
    let hello: PageHello = match FromPage::decode(&first) {
        Ok(FromPage::Hello(hello)) => hello,
        Ok(_) => return Err(Some(hello_expected("the first message was not a hello"))),
        Err(why) => return Err(Some(malformed(why))),
    };
    let (reply, answer) = oneshot::channel();
    hub.ask(Command::Attach {
        hello,
        outbox,
        reply,
    })
    .await;
    // No answer: the hub has ended, and the socket ends with it.
    answer.await.map_err(|_| None)?.map_err(Some)
}

/// Hands the page's messages to the hub. `Ok` when the page has closed the socket.
async fn read<S>(stream: &mut Stream<S>, hub: &HubHandle, conn: u64) -> Result<(), ToPage>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let Ok(next) = timeout(SILENCE, next_message(stream)).await else {
            return Err(error(
                ErrorCode::TooSlow,
                "the page did not answer for a while",
                "reload the page",
            ));
        };
        let message = match next? {
            None => return Ok(()),
            Some(Message::Binary(message)) => message,
            Some(_) => continue,
        };
        let command = match FromPage::decode(&message).map_err(malformed)? {
            FromPage::Hello(_) => return Err(hello_expected("a second hello came")),
            FromPage::Control(message) => Command::Control { conn, message },
            FromPage::Frames(_) => Command::Frames { conn, message },
        };
        if !hub.ask(command).await {
            return Ok(());
        }
    }
}

/// Writes what the hub has for the page: a batch is fed, then flushed once. Ends when the
/// hub has dropped the outbox, or the socket fails.
async fn write<S>(
    mut sink: Sink<S>,
    mut control: mpsc::Receiver<Bytes>,
    mut frames: mpsc::Receiver<Bytes>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let first = tokio::select! {
            biased;
            message = control.recv() => message,
            Some(message) = frames.recv() => Some(message),
            () = sleep(PING_INTERVAL) => {
                if sink.send(Message::Ping(Bytes::new())).await.is_err() {
                    return;
                }
                continue;
            }
        };
        // The control queue is closed last: nothing more will come.
        let Some(first) = first else { break };
        let mut next = Some(first);
        while let Some(message) = next {
            if sink.feed(Message::Binary(message)).await.is_err() {
                return;
            }
            next = control.try_recv().or_else(|_| frames.try_recv()).ok();
        }
        if sink.flush().await.is_err() {
            return;
        }
    }
    let _ = sink.close().await;
}

/// Says why, closes, and waits a moment for the page to have read it.
async fn part<S>(sink: &mut Sink<S>, stream: &mut Stream<S>, why: &ToPage)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let told = async {
        sink.send(Message::Binary(encode_to_page(why).into()))
            .await?;
        sink.send(Message::Close(Some(close_frame(why)))).await
    };
    let _ = timeout(LINGER, told).await;
    linger(stream).await;
}

/// A page of another version reads no control message of ours; the close frame's words
/// it can show.
fn close_frame(why: &ToPage) -> CloseFrame {
    /// RFC 6455 §5.5: a control frame carries 125 bytes, two of them the code.
    const MAX_REASON: usize = 123;
    let reason = match why {
        ToPage::Error { cause, .. } => cause.as_str(),
        _ => "",
    };
    let end = (0..=MAX_REASON.min(reason.len()))
        .rev()
        .find(|&end| reason.is_char_boundary(end))
        .unwrap_or(0);
    CloseFrame {
        code: CloseCode::Policy,
        reason: reason[..end].into(),
    }
}

async fn linger<S>(stream: &mut Stream<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let drained = async { while let Some(Ok(_)) = stream.next().await {} };
    let _ = timeout(LINGER, drained).await;
}

/// The next binary message; `None` when the socket is gone.
async fn next_binary<S>(stream: &mut Stream<S>) -> Result<Option<Bytes>, ToPage>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        match next_message(stream).await? {
            None => return Ok(None),
            Some(Message::Binary(bytes)) => return Ok(Some(bytes)),
            Some(_) => {}
        }
    }
}

/// The next message that is no text: this relay speaks none.
async fn next_message<S>(stream: &mut Stream<S>) -> Result<Option<Message>, ToPage>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match stream.next().await {
        None | Some(Ok(Message::Close(_))) => Ok(None),
        Some(Ok(Message::Text(_))) => Err(error(
            ErrorCode::Malformed,
            "a text message came; the relay speaks binary only",
            "reload the page",
        )),
        Some(Ok(message)) => Ok(Some(message)),
        Some(Err(WsError::Capacity(_))) => Err(malformed(DecodeError::TooLarge {
            len: MAX_MESSAGE + 1,
        })),
        Some(Err(WsError::Protocol(why))) => Err(error(
            ErrorCode::Malformed,
            format!("the WebSocket's protocol was broken: {why}"),
            "reload the page",
        )),
        Some(Err(_)) => Ok(None),
    }
}

fn hello_expected(cause: &str) -> ToPage {
    error(ErrorCode::HelloExpected, cause, "reload the page")
}

fn malformed(why: DecodeError) -> ToPage {
    match why {
        DecodeError::Version { theirs } => error(
            ErrorCode::Version,
            format!(
                "this page speaks relay version {theirs}, the bridge version {}",
                synema_relay::VERSION
            ),
            "reload the page, so that it is the bridge's own",
        ),
        why => error(
            ErrorCode::Malformed,
            format!("a message of the page cannot be read: {why}"),
            "reload the page",
        ),
    }
}
