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
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};
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
/// How long a page may take nothing of what is written to it: as long as it may be silent.
const WRITE_PATIENCE: Duration = SILENCE;
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
    let writing = write(sink, control_queue, frames_queue, Pace::USUAL);
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

/// The writer's times.
#[derive(Clone, Copy, Debug)]
struct Pace {
    ping_interval: Duration,
    patience: Duration,
}

impl Pace {
    const USUAL: Self = Self {
        ping_interval: PING_INTERVAL,
        patience: WRITE_PATIENCE,
    };
}

/// Writes what the hub has for the page: a batch is fed, then flushed once. Ends when the
/// hub has dropped the outbox, the socket fails, or the page takes nothing any more.
async fn write<S>(
    mut sink: Sink<S>,
    mut control: mpsc::Receiver<Bytes>,
    mut frames: mpsc::Receiver<Bytes>,
    pace: Pace,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // However much there is to write: a page that only listens is still asked now and then.
    let mut ping = interval_at(Instant::now() + pace.ping_interval, pace.ping_interval);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let first = tokio::select! {
            biased;
            _ = ping.tick() => Some(Message::Ping(Bytes::new())),
            message = control.recv() => message.map(Message::Binary),
            Some(message) = frames.recv() => Some(Message::Binary(message)),
        };
        // The control queue is closed last: nothing more will come.
        let Some(first) = first else { break };
        let written = async {
            let mut next = Some(first);
            while let Some(message) = next {
                sink.feed(message).await?;
                let waiting = control.try_recv().or_else(|_| frames.try_recv());
                next = waiting.ok().map(Message::Binary);
            }
            sink.flush().await
        };
        if !matches!(timeout(pace.patience, written).await, Ok(Ok(()))) {
            return;
        }
    }
    let _ = timeout(LINGER, sink.close()).await;
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

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::DuplexStream;
    use tokio_tungstenite::tungstenite::protocol::Role;

    const QUICK: Pace = Pace {
        ping_interval: Duration::from_millis(20),
        patience: Duration::from_millis(200),
    };

    /// The bridge's end and the page's, with so much room between them.
    async fn pair(room: usize) -> (WebSocketStream<DuplexStream>, WebSocketStream<DuplexStream>) {
        let (near, far) = tokio::io::duplex(room);
        (
            WebSocketStream::from_raw_socket(near, Role::Server, Some(limits())).await,
            WebSocketStream::from_raw_socket(far, Role::Client, None).await,
        )
    }

    #[tokio::test]
    async fn a_page_that_only_listens_is_asked_whether_it_is_there() {
        let (near, mut page) = pair(1 << 16).await;
        let (sink, _stream) = near.split();
        let (control, control_queue) = mpsc::channel(8);
        let (_frames, frames_queue) = mpsc::channel(8);
        let writing = tokio::spawn(write(sink, control_queue, frames_queue, QUICK));
        tokio::spawn(async move {
            while control.send(Bytes::from_static(b"news")).await.is_ok() {
                sleep(Duration::from_millis(2)).await;
            }
        });
        let asked = async { while !matches!(page.next().await, Some(Ok(Message::Ping(_)))) {} };
        timeout(Duration::from_secs(5), asked)
            .await
            .expect("a ping");
        writing.abort();
    }

    #[tokio::test]
    async fn a_page_that_takes_nothing_does_not_hold_its_socket_for_ever() {
        let (near, _page) = pair(64).await;
        let (sink, _stream) = near.split();
        let (control, control_queue) = mpsc::channel(8);
        let (_frames, frames_queue) = mpsc::channel(8);
        let news = Bytes::from(vec![0; 4096]);
        control.send(news).await.expect("it is read");
        // The hub cuts the page off.
        drop(control);
        let writing = write(sink, control_queue, frames_queue, QUICK);
        timeout(Duration::from_secs(5), writing)
            .await
            .expect("the writer gives up");
    }
}
