//! Who may talk to the bridge: decided here, in one place, before anything else is looked at.
//!
//! Any page in the machine's browser can reach localhost, and a foreign name can be made
//! to resolve to it (DNS rebinding). So:
//!
//! ```text
//!   every request    Host is a loopback name, the address listened on, or an allowed name
//!                      any port: `ssh -L` moves it
//!   the WebSocket    and Origin is http:// and that very Host, port included
//!                    and the token, of 128 random bits, is among the subprotocols
//! ```
//!
//! The token reaches the page in the URL's fragment, which browsers send to nobody, and
//! comes back in a header of the handshake: it is in no request line, `Referer` or log.
//! Nothing here does I/O; each refusal is a status, a cause and a next step.

mod headers;
mod host;
mod token;

pub use headers::secure;
pub use host::HostName;
pub use token::Token;

use http::header::{HOST, HeaderMap, HeaderName, ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use http::{StatusCode, Uri};
use std::fmt;
use std::net::SocketAddr;
use synema_relay::{SUBPROTOCOL, TOKEN_SUBPROTOCOL_PREFIX};

/// Whom the bridge trusts.
#[derive(Debug)]
pub struct Trust {
    listen: SocketAddr,
    allowed: Vec<String>,
    token: Token,
}

/// Why a request was refused, for the person who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The response's status.
    pub status: StatusCode,
    /// What was wrong, one sentence.
    pub cause: String,
    /// What to do, one sentence.
    pub next_step: String,
}

impl Refused {
    /// A refusal with this status, cause and next step.
    pub fn new(status: StatusCode, cause: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self {
            status,
            cause: cause.into(),
            next_step: next_step.into(),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nNext: {}", self.cause, self.next_step)
    }
}

impl Trust {
    /// Trusts loopback names, the address listened on (an IP address cannot be made to
    /// mean another) and the `allowed` names; for the relay, whoever has the `token`.
    pub fn new(listen: SocketAddr, allowed: &[String], token: Token) -> Self {
        Self {
            listen,
            allowed: allowed
                .iter()
                .map(|name| name.to_ascii_lowercase())
                .collect(),
            token,
        }
    }

    /// The first check of every request. The answer is the host that the page was asked for.
    ///
    /// # Errors
    /// When the Host header is missing, doubled, malformed, or not one of ours.
    pub fn check_host(&self, headers: &HeaderMap, uri: &Uri) -> Result<HostName, Refused> {
        let text = only(headers, &HOST)
            .map_err(|count| bad(format!("a request needs one Host header; this has {count}")))?;
        let host = HostName::parse(text)
            .ok_or_else(|| bad("the Host header is not a name or address with a port"))?;
        // RFC 9112 §3.2.2: an absolute URI stands above Host. They must not differ.
        if let Some(authority) = uri.authority()
            && HostName::parse(authority.as_str()).as_ref() != Some(&host)
        {
            return Err(bad(
                "the request's URI and its Host header name different hosts",
            ));
        }
        if self.is_ours(&host) {
            return Ok(host);
        }
        Err(Refused::new(
            StatusCode::MISDIRECTED_REQUEST,
            format!(
                "this bridge does not answer under the name \"{}\": a foreign page could have chosen it",
                host.name()
            ),
            format!(
                "open the URL that synema printed, or start it with --allow-host {}",
                host.name()
            ),
        ))
    }

    /// The further checks before a WebSocket is opened, after [`check_host`](Self::check_host).
    ///
    /// # Errors
    /// When Origin is missing or foreign, or the token is missing or wrong.
    pub fn check_upgrade(&self, headers: &HeaderMap, host: &HostName) -> Result<(), Refused> {
        let origin = only(headers, &ORIGIN).map_err(|count| {
            forbidden(format!(
                "the relay is for a page: one Origin header is needed, this request has {count}"
            ))
        })?;
        let same = origin
            .strip_prefix("http://")
            .and_then(HostName::parse)
            .is_some_and(|origin| origin == *host);
        if !same {
            return Err(forbidden(format!(
                "the page at {} may not use this bridge, only the page that it serves itself",
                printable(origin)
            )));
        }
        self.check_token(headers)
    }

    /// The page's URL: the token goes into the fragment, which is not sent with requests.
    pub fn page_url(&self, addr: SocketAddr) -> String {
        let shown = match addr.ip() {
            ip if ip.is_unspecified() && ip.is_ipv4() => format!("127.0.0.1:{}", addr.port()),
            ip if ip.is_unspecified() => format!("[::1]:{}", addr.port()),
            _ => addr.to_string(),
        };
        format!("http://{shown}/#token={}", self.token.as_str())
    }

    fn is_ours(&self, host: &HostName) -> bool {
        host.is_loopback()
            || (!self.listen.ip().is_unspecified() && host.is_address(self.listen.ip()))
            || self.allowed.iter().any(|name| name == host.name())
    }

    fn check_token(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let offers: Vec<&str> = headers
            .get_all(SEC_WEBSOCKET_PROTOCOL)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        let offers_relay = offers.contains(&SUBPROTOCOL);
        let token = offers
            .iter()
            .find_map(|offer| offer.strip_prefix(TOKEN_SUBPROTOCOL_PREFIX));
        let cause = match token {
            _ if !offers_relay => "the WebSocket does not offer the synema-relay protocol",
            None => "the page did not send the bridge's token",
            Some(token) if self.token.matches(token) => return Ok(()),
            Some(_) => "the page's token is not this bridge's: it may be of an earlier run",
        };
        Err(Refused::new(
            StatusCode::UNAUTHORIZED,
            cause,
            "open the URL that synema printed, with all that follows the #",
        ))
    }
}

/// The one value of a header, as text; or how many there are.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a str, usize> {
    let values = headers.get_all(name);
    let count = values.iter().count();
    let mut texts = values.iter().map(|value| value.to_str().unwrap_or(""));
    match (count, texts.next()) {
        (1, Some(text)) => Ok(text),
        _ => Err(count),
    }
}

fn bad(cause: impl Into<String>) -> Refused {
    Refused::new(
        StatusCode::BAD_REQUEST,
        cause,
        "open the URL that synema printed in a browser",
    )
}

fn forbidden(cause: String) -> Refused {
    Refused::new(
        StatusCode::FORBIDDEN,
        cause,
        "open the URL that synema printed, and use the page there",
    )
}

/// A header's text as it may stand in a message: short, and without control characters.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(100).collect()
}

#[cfg(test)]
mod tests;
