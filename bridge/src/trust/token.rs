//! The secret that a page must know.

use std::fmt::{self, Write as _};
use subtle::ConstantTimeEq as _;

/// Random bytes in a token: 192 bits.
const RANDOM_BYTES: usize = 24;

/// A random token, in hexadecimal. It shows itself only through [`as_str`](Self::as_str).
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// A fresh one, from the system's random numbers.
    ///
    /// # Errors
    /// When the system has none to give.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; RANDOM_BYTES];
        getrandom::fill(&mut bytes)?;
        let mut text = String::with_capacity(RANDOM_BYTES * 2);
        for byte in bytes {
            write!(text, "{byte:02x}").expect("a String takes what is written");
        }
        Ok(Self(text))
    }

    /// A known one, for tests.
    #[cfg(test)]
    pub(crate) fn known(text: &str) -> Self {
        Self(text.into())
    }

    /// The token itself: for the page's URL and nothing else.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `offered` is it, in a time that does not tell how much of it was right.
    pub fn matches(&self, offered: &str) -> bool {
        self.0.as_bytes().ct_eq(offered.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}
