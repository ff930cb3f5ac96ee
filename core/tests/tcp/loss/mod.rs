//! Loss: how it is noticed, repaired, and taken back when it was none.

mod clock;
mod duplicates;
mod forward_rto;
mod holes;
mod latest;
mod partial;
mod rack;
mod reduction;
mod reordering;
mod sack;
mod undo;

use crate::story::Story;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::Recovery;

fn newreno() -> Story {
    let mut policy = Policy::rfc();
    policy.recovery = Recovery::NewReno;
    Story::new(policy)
}

/// Without tail loss probes: the retransmission timer alone.
fn timer_only() -> Policy {
    let mut policy = Policy::rfc();
    policy.loss.tail_loss_probe = false;
    policy
}
