//! Which options our segments carry, and what two SYNs agree on.
//!
//! | option         | in SYN          | in SYN-ACK            | afterwards          |
//! |----------------|-----------------|-----------------------|---------------------|
//! | MSS            | as the policy   | as the policy         | -                   |
//! | window scale   | as the policy   | only if the SYN did   | both shift          |
//! | SACK permitted | as the policy   | only if the SYN did   | blocks on ACKs      |
//! | timestamps     | as the policy   | only if the SYN did   | on every segment    |

use super::policy::Offer;
use super::window::WindowScale;
use crate::time::Instant;
use crate::wire::tcp::{Options, Timestamps};

/// What a peer sends at most if it announced nothing (RFC 9293 §3.7.1).
pub(super) const DEFAULT_SEND_MSS: u16 = 536;
/// A segment smaller than this is not worth its headers: an MSS or MTU below
/// is taken as this one (as Linux does; RFC 879 knows no minimum).
pub(super) const MIN_SEND_MSS: u16 = 48;
/// IPv4 and TCP headers without options, bytes (RFC 6691).
const HEADERS_LEN: u16 = 40;

/// What both SYNs agreed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Agreed {
    /// Our windows are shifted by this.
    pub(super) rcv_scale: WindowScale,
    /// The peer's windows are shifted by this.
    pub(super) snd_scale: WindowScale,
    /// Both SYNs carried the window scale option.
    pub(super) window_scale: bool,
    /// SACK blocks may be sent.
    pub(super) sack: bool,
    /// Every segment carries timestamps.
    pub(super) timestamps: bool,
    /// The peer's MSS, or our own limit if that is smaller, bytes.
    pub(super) peer_mss: u16,
}

impl Agreed {
    /// What a SYN-ACK offers: only what the SYN asked for (RFC 7323 §2.2, §3.2;
    /// RFC 2018 §2).
    pub(super) fn offer(&self, ours: Offer) -> Offer {
        Offer {
            mss: ours.mss,
            mss_limit: ours.mss_limit,
            window_scale: self.window_scale,
            sack: self.sack,
            timestamps: self.timestamps,
        }
    }
}

/// The MSS for a path: what an IPv4 packet holds beside its headers (RFC 6691).
pub(super) fn mss_for_mtu(mtu: u16) -> u16 {
    mtu.saturating_sub(HEADERS_LEN).max(MIN_SEND_MSS)
}

/// The largest segment that we announce, and send.
pub(super) fn own_mss(offer: Offer, mtu: u16) -> u16 {
    let limit = offer.mss_limit.unwrap_or(u16::MAX).max(MIN_SEND_MSS);
    mss_for_mtu(mtu).min(limit)
}

/// The timestamp clock: milliseconds, and a secret offset (RFC 7323 §5.4).
pub(super) fn timestamp_clock(now: Instant, offset: u32) -> u32 {
    // The clock goes round the circle every 50 days (RFC 7323 §5.2 allows 24 to 2⁹ s·2³¹).
    (now.as_millis() as u32).wrapping_add(offset)
}

/// The options of a SYN that offers `offer`.
pub(super) fn syn_options(
    offer: Offer,
    mtu: u16,
    scale: WindowScale,
    timestamps: Timestamps,
) -> Options {
    Options {
        mss: offer.mss.then_some(own_mss(offer, mtu)),
        window_scale: offer.window_scale.then_some(scale.shift()),
        sack_permitted: offer.sack,
        timestamps: offer.timestamps.then_some(timestamps),
        ..Options::NONE
    }
}

/// What we offered and the peer's SYN make together.
pub(super) fn agree(offer: Offer, scale: WindowScale, peer: &Options) -> Agreed {
    let peer_scale = peer.window_scale.filter(|_| offer.window_scale);
    Agreed {
        rcv_scale: peer_scale.map_or(WindowScale::ZERO, |_| scale),
        snd_scale: peer_scale.map_or(WindowScale::ZERO, WindowScale::new),
        window_scale: peer_scale.is_some(),
        sack: offer.sack && peer.sack_permitted,
        timestamps: offer.timestamps && peer.timestamps.is_some(),
        // RFC 9293 §3.7.1: zero would stop us for ever; nobody means it.
        peer_mss: peer
            .mss
            .unwrap_or(DEFAULT_SEND_MSS)
            .min(offer.mss_limit.unwrap_or(u16::MAX))
            .max(MIN_SEND_MSS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCK: Timestamps = Timestamps { value: 1, echo: 0 };

    #[test]
    fn a_syn_ack_offers_only_what_the_syn_asked_for() {
        let scale = WindowScale::new(7);
        let plain = Options {
            mss: Some(1400),
            ..Options::NONE
        };
        let agreed = agree(Offer::default(), scale, &plain);
        assert_eq!(agreed.peer_mss, 1400);
        assert_eq!(agreed.rcv_scale, WindowScale::ZERO);
        let answer = syn_options(agreed.offer(Offer::default()), 1500, scale, CLOCK);
        let only_mss = Options {
            mss: Some(1460),
            ..Options::NONE
        };
        assert_eq!(answer, only_mss);
        let full = syn_options(Offer::default(), 1500, scale, CLOCK);
        assert_eq!(full.window_scale, Some(7));
        let agreed = agree(Offer::default(), scale, &full);
        assert_eq!((agreed.rcv_scale, agreed.snd_scale), (scale, scale));
        assert_eq!(
            syn_options(agreed.offer(Offer::default()), 1500, scale, CLOCK),
            full
        );
    }

    #[test]
    fn absurd_sizes_are_raised() {
        let zero = Options {
            mss: Some(0),
            ..Options::NONE
        };
        let agreed = agree(Offer::default(), WindowScale::ZERO, &zero);
        assert_eq!(agreed.peer_mss, MIN_SEND_MSS);
        assert_eq!(mss_for_mtu(0), MIN_SEND_MSS);
    }
}
