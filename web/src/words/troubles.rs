//! What went wrong, in words.

use super::{Words, fill, refusals};
use crate::protocol::{Problem, Trouble};
use std::fmt::Display;
use std::net::Ipv4Addr;
use synema_core::wire::MacAddr;

impl Trouble {
    /// The cause and the next step, in the language that is spoken.
    pub fn words(&self, words: &Words) -> Problem {
        match self {
            Self::BridgeKey => Problem::new(words.bridge_key, words.bridge_key_next),
            Self::BridgeUnreachable => {
                Problem::new(words.bridge_unreachable, words.bridge_unreachable_next)
            }
            Self::BridgeVersion(why) => {
                because(words.bridge_version, why, words.bridge_version_next)
            }
            Self::BridgeMalformed(why) => {
                because(words.bridge_malformed, why, words.bridge_malformed_next)
            }
            Self::BridgeBye => Problem::new(words.bridge_bye, words.bridge_bye_next),
            Self::BridgeSays(problem) => problem.clone(),
            Self::Forgotten => {
                Problem::new(words.banner_resumed_not, words.banner_resumed_not_next)
            }
            Self::AddressNone => Problem::new(words.address_none, words.address_none_next),
            Self::AddressNot(text, example) => Problem::new(
                fill(words.address_not, &[("text", text)]),
                fill(words.address_not_next, &[("example", example)]),
            ),
            Self::GateStuck(addr) => Problem::new(
                fill(words.gate_stuck, &[("addr", addr)]),
                words.gate_stuck_next,
            ),
            Self::GateRefused(addr, why) => {
                let why = refusals::by_bridge(words.spoken(), *why);
                let values: [(&str, &dyn Display); 2] = [("addr", addr), ("why", &why)];
                Problem::new(
                    fill(words.claim_refused_bridge, &values),
                    words.claim_choose_next,
                )
            }
            Self::InUse(addr, by) => {
                with_mac(words.claim_in_use, addr, by, words.claim_choose_next)
            }
            Self::Taken(addr, by) => with_mac(words.claim_lost, addr, by, words.claim_lost_next),
            Self::Claim(why) => refusals::by_stack(words.spoken(), *why),
            Self::Fetch(error) => refusals::of_fetch(words.spoken(), error),
            Self::Link(why) => because(words.link_failed, why, words.link_failed_next),
            Self::Open(name, why) => Problem::new(
                fill(words.open_failed, &[("name", name), ("why", why)]),
                words.open_failed_next,
            ),
            Self::Save(why) => because(words.save_failed, why, words.worker_failed_next),
            Self::Worker(why) => because(words.worker_failed, why, words.worker_failed_next),
        }
    }
}

fn because(cause: &str, why: &str, next: &str) -> Problem {
    Problem::new(fill(cause, &[("why", &why)]), next)
}

fn with_mac(cause: &str, addr: &Ipv4Addr, mac: &MacAddr, next: &str) -> Problem {
    Problem::new(fill(cause, &[("addr", addr), ("mac", mac)]), next)
}
