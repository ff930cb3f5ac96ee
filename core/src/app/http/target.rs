//! Where a fetch goes: a URL that can only be one that we are able to fetch.

use super::error::UrlError;
use core::fmt;
use core::net::Ipv4Addr;
use percent_encoding::percent_decode_str;
use url::{Host, ParseError, Url};

/// A checked `http://` URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    url: Url,
}

/// The host of a [`Target`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetHost {
    /// To be looked up; without a trailing dot, lower case, ASCII.
    Name(String),
    /// Written as an address.
    Addr(Ipv4Addr),
}

impl Target {
    /// Longest URL that is taken, bytes.
    pub const MAX_LEN: usize = 8 << 10;

    /// Checks what somebody typed.
    ///
    /// # Errors
    /// When it is no URL, or not one that we can fetch.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let text = text.trim();
        if text.len() > Self::MAX_LEN {
            return Err(too_long(text.len()));
        }
        let url = Url::parse(text).map_err(|error| unparsable(text, error))?;
        Self::checked(url, text)
    }

    /// Where `location` leads from here (RFC 9110 §10.2.2).
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn redirect(&self, location: &str) -> Result<Self, UrlError> {
        let location = location.trim();
        if location.len() > Self::MAX_LEN {
            return Err(too_long(location.len()));
        }
        let mut url = self
            .url
            .join(location)
            .map_err(|error| unparsable(location, error))?;
        // RFC 9110 §10.2.2: without a fragment of its own, the redirect keeps ours.
        if url.fragment().is_none() {
            url.set_fragment(self.url.fragment());
        }
        Self::checked(url, location)
    }

    fn checked(url: Url, text: &str) -> Result<Self, UrlError> {
        match url.scheme() {
            "http" => {}
            "https" => {
                return Err(UrlError::Tls {
                    url: shortened(url.as_str()),
                });
            }
            // "localhost:8000/x" parses as the scheme "localhost".
            _ if !text.contains("://") => {
                return Err(UrlError::NoScheme {
                    text: shortened(text),
                });
            }
            scheme => {
                return Err(UrlError::Scheme {
                    scheme: shortened(scheme),
                });
            }
        }
        if url.as_str().len() > Self::MAX_LEN {
            return Err(too_long(url.as_str().len()));
        }
        if url.port() == Some(0) {
            return Err(UrlError::PortZero);
        }
        match url.host() {
            None => {
                return Err(UrlError::Unparsable {
                    text: shortened(text),
                    why: ParseError::EmptyHost.to_string(),
                });
            }
            Some(Host::Ipv6(addr)) => {
                return Err(UrlError::Ipv6 {
                    host: format!("[{addr}]"),
                });
            }
            Some(Host::Ipv4(addr)) => check_addr(addr)?,
            Some(Host::Domain(name)) => check_name(name)?,
        }
        Ok(Self { url })
    }

    /// The host.
    pub fn host(&self) -> TargetHost {
        match self.url.host() {
            Some(Host::Ipv4(addr)) => TargetHost::Addr(addr),
            Some(Host::Domain(name)) => {
                TargetHost::Name(name.strip_suffix('.').unwrap_or(name).to_owned())
            }
            // `checked` lets no other host in.
            Some(Host::Ipv6(_)) | None => TargetHost::Addr(Ipv4Addr::UNSPECIFIED),
        }
    }

    /// The port: 80 unless the URL names one.
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(80)
    }

    /// The whole URL, without user name and password.
    pub fn to_display(&self) -> String {
        let mut url = self.url.clone();
        // Fails only for URLs without a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.into()
    }

    /// The same as this URL but for its fragment, which no server sees.
    pub fn without_fragment(&self) -> String {
        let mut url = self.url.clone();
        url.set_fragment(None);
        url.into()
    }

    /// What stands in the request line (RFC 9112 §3.2.1).
    pub(super) fn path_and_query(&self) -> &str {
        &self.url[url::Position::BeforePath..url::Position::AfterQuery]
    }

    /// What stands in the `Host` field (RFC 9110 §7.2): the port only if it is not 80.
    pub(super) fn host_and_port(&self) -> &str {
        &self.url[url::Position::BeforeHost..url::Position::AfterPort]
    }

    /// `user:password` of the URL, percent-decoded, if there is a user.
    pub(super) fn userinfo(&self) -> Option<Vec<u8>> {
        if self.url.username().is_empty() && self.url.password().is_none() {
            return None;
        }
        let mut userinfo: Vec<u8> = percent_decode_str(self.url.username()).collect();
        userinfo.push(b':');
        userinfo.extend(percent_decode_str(self.url.password().unwrap_or_default()));
        Some(userinfo)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_display())
    }
}

fn unparsable(text: &str, error: ParseError) -> UrlError {
    if error == ParseError::RelativeUrlWithoutBase && !text.is_empty() {
        return UrlError::NoScheme {
            text: shortened(text),
        };
    }
    UrlError::Unparsable {
        text: shortened(text),
        why: error.to_string(),
    }
}

fn check_addr(addr: Ipv4Addr) -> Result<(), UrlError> {
    let host = !(addr.octets()[0] == 0
        || addr.is_loopback()
        || addr.is_multicast()
        || addr.octets()[0] >= 240);
    if host {
        Ok(())
    } else {
        Err(UrlError::NotAHost {
            host: addr.to_string(),
        })
    }
}

/// RFC 1035 §2.3.4: labels of 1 to 63 bytes, 253 in all as text.
fn check_name(name: &str) -> Result<(), UrlError> {
    let bare = name.strip_suffix('.').unwrap_or(name);
    // RFC 6761 §6.3: never asked of a name server.
    if bare == "localhost" || bare.ends_with(".localhost") {
        return Err(UrlError::NotAHost {
            host: shortened(name),
        });
    }
    let label_fits = |label: &str| (1..=63).contains(&label.len());
    let fits = bare.len() <= 253
        && bare.split('.').all(label_fits)
        && bare
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
    if fits {
        Ok(())
    } else {
        Err(UrlError::BadName {
            name: shortened(name),
        })
    }
}

fn too_long(len: usize) -> UrlError {
    UrlError::TooLong { len: len as u64 }
}

/// The first 200 characters: what strangers sent must not flood a message.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
