//! All experiments that come with this crate.

use super::Experiment;

/// A file's name, and what is in it.
macro_rules! file {
    ($name:literal) => {
        ($name, include_str!(concat!("../../experiments/", $name)))
    };
}

/// All experiments, in the order in which they are told.
pub(super) const FILES: [(&str, &str); 24] = [
    file!("010-handshake.toml"),
    file!("020-numbers.toml"),
    file!("030-one-goes-missing.toml"),
    file!("040-who-sent-this-rst.toml"),
    file!("050-claiming-an-address.toml"),
    file!("060-get-the-page.toml"),
    file!("070-p-p-p-a.toml"),
    file!("080-why-google-gave-up.toml"),
    file!("090-a-curl-that-always-works.toml"),
    file!("100-how-little-tcp-is-enough.toml"),
    file!("200-sack-against-go-back-n.toml"),
    file!("210-a-lost-ack.toml"),
    file!("220-one-send-is-not-one-receive.toml"),
    file!("240-nagle-and-the-delayed-ack.toml"),
    file!("250-an-ack-is-not-a-reader.toml"),
    file!("255-slow-start-and-cubic.toml"),
    file!("260-zero-window.toml"),
    file!("270-time-wait.toml"),
    file!("280-simultaneous-open.toml"),
    file!("290-half-close.toml"),
    file!("300-syn-flood.toml"),
    file!("310-bufferbloat.toml"),
    file!("320-a-forged-rst.toml"),
    file!("330-losses-in-bursts.toml"),
];

/// All experiments that come with this crate, in the order in which they are told.
///
/// # Panics
/// Never: each file is parsed by a test.
pub fn catalogue() -> Vec<Experiment> {
    let parse = |(name, text): (&str, &str)| {
        Experiment::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    FILES.into_iter().map(parse).collect()
}
