//! The HTTP side: trust first, then the site's files and the relay's upgrade.

use super::hub::HubHandle;
use super::page;
use super::site::Site;
use crate::trust::{HostName, Refused, Trust, secure};
use bytes::Bytes;
use http::header::{
    ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use synema_relay::{RELAY_PATH, SUBPROTOCOL};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// Connections at the same time. A browser opens six for a page.
const MAX_CONNECTIONS: usize = 64;
/// How long a request's head may take: no connection is held by saying little.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may be HTTP's: enough for the page over a slow `ssh -L`, and no place
/// is held for ever by asking for much and reading nothing.
const HTTP_LIFE: Duration = Duration::from_secs(300);
/// A request's head is not longer.
const MAX_HEAD: usize = 16 * 1024;
/// After accepting failed (too many open files), not at once again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What every connection needs.
#[derive(Debug)]
pub struct Shared {
    /// Whom to trust.
    pub trust: Trust,
    /// The page.
    pub site: Site,
    /// The wire's keeper.
    pub hub: HubHandle,
}

/// Accepts connections until the task is dropped.
pub async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let place = Arc::clone(&places)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        // Frames are small and urgent; without this, Nagle's rule would hold them back.
        let _ = stream.set_nodelay(true);
        let connection = Connection {
            shared: Arc::clone(&shared),
            place: Arc::new(place),
        };
        tokio::spawn(connection.serve(stream));
    }
}

/// One connection. Its place is free again when it and its relay have ended.
#[derive(Clone)]
struct Connection {
    shared: Arc<Shared>,
    place: Arc<OwnedSemaphorePermit>,
}

type Answer = Response<Full<Bytes>>;

impl Connection {
    async fn serve(self, stream: TcpStream) {
        let service = service_fn(move |request| {
            let response = self.answer(request);
            async move { Ok::<_, Infallible>(response) }
        });
        let serving = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        // What breaks one connection is the other side's business. A relay is not among what
        // takes long: the upgrade ends the HTTP connection.
        let _ = timeout(HTTP_LIFE, serving).await;
    }

    /// Trust first; nothing else of the request is looked at before.
    fn answer(&self, request: Request<Incoming>) -> Answer {
        let trust = &self.shared.trust;
        let host = match trust.check_host(request.headers(), request.uri()) {
            Ok(host) => host,
            Err(refused) => return refusal(&refused, None),
        };
        let answered = match request.uri().path() {
            RELAY_PATH => trust
                .check_upgrade(request.headers(), &host)
                .and_then(|()| accept_key(&request))
                .map(|key| self.switch(request, &key)),
            path => asset(&self.shared.site, request.method(), path),
        };
        match answered {
            Ok(mut response) => {
                secure(response.headers_mut(), Some(&host));
                response
            }
            Err(refused) => refusal(&refused, Some(&host)),
        }
    }

    /// The connection becomes a WebSocket as soon as the answer is out.
    fn switch(&self, request: Request<Incoming>, accept: &str) -> Answer {
        let connection = self.clone();
        tokio::spawn(async move {
            let Ok(upgraded) = hyper::upgrade::on(request).await else {
                return;
            };
            let hub = connection.shared.hub.clone();
            match upgraded.downcast::<TokioIo<TcpStream>>() {
                Ok(parts) => {
                    let socket = WebSocketStream::from_partially_read(
                        parts.io.into_inner(),
                        parts.read_buf.to_vec(),
                        Role::Server,
                        Some(page::limits()),
                    )
                    .await;
                    page::talk(socket, hub).await;
                }
                Err(_) => unreachable!("every connection is served over a TcpStream"),
            }
            drop(connection.place);
        });
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(
            SEC_WEBSOCKET_PROTOCOL,
            HeaderValue::from_static(SUBPROTOCOL),
        );
        let accept = HeaderValue::from_str(accept).expect("base64");
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        response
    }
}

/// The answer to a WebSocket's key, if the request is a WebSocket's opening (RFC 6455 §4.2.1).
fn accept_key(request: &Request<Incoming>) -> Result<String, Refused> {
    let headers = request.headers();
    let has = |name, token: &str| {
        headers.get_all(name).iter().any(|value: &HeaderValue| {
            let mut tokens = value.to_str().unwrap_or("").split(',');
            tokens.any(|part| part.trim().eq_ignore_ascii_case(token))
        })
    };
    let key = headers.get(SEC_WEBSOCKET_KEY);
    match key {
        Some(key)
            if request.method() == Method::GET
                && has(UPGRADE, "websocket")
                && has(CONNECTION, "upgrade")
                && has(SEC_WEBSOCKET_VERSION, "13") =>
        {
            Ok(derive_accept_key(key.as_bytes()))
        }
        _ => Err(Refused::new(
            StatusCode::UPGRADE_REQUIRED,
            "the relay is a WebSocket of version 13, and this request does not open one",
            "open the URL that synema printed in a browser",
        )),
    }
}

/// A file of the site. hyper leaves the body out when only the head was asked for.
fn asset(site: &Site, method: &Method, path: &str) -> Result<Answer, Refused> {
    if method != Method::GET && method != Method::HEAD {
        return Err(Refused::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "only GET and HEAD are served here",
            "open the URL that synema printed in a browser",
        ));
    }
    let asset = site.asset(path).ok_or_else(|| {
        Refused::new(
            StatusCode::NOT_FOUND,
            "there is no such file in the page's folder",
            "open / for the page, or build the page anew",
        )
    })?;
    let mut response = Response::new(Full::new(asset.bytes.clone()));
    let media_type = HeaderValue::from_static(asset.media_type);
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    Ok(response)
}

fn refusal(refused: &Refused, host: Option<&HostName>) -> Answer {
    let mut response = Response::new(Full::new(format!("{refused}\n").into()));
    *response.status_mut() = refused.status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    // RFC 9110 §15.5.6 and §15.5.22: these refusals say what would be taken.
    match refused.status {
        StatusCode::METHOD_NOT_ALLOWED => {
            headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        StatusCode::UPGRADE_REQUIRED => {
            headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        }
        _ => {}
    }
    secure(headers, host);
    response
}
