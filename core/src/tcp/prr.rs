//! PRR: how cwnd comes down during a recovery (RFC 6937, and its successor
//! rfc6937bis).
//!
//! ```text
//!   pipe > ssthresh     send ssthresh / RecoverFS for each byte delivered
//!   pipe <= ssthresh    send as much as was delivered (conservative), and one
//!                       segment more while ACKs advance without new losses
//!                       (slow start), until ssthresh is reached
//! ```

/// The accounts of one reduction; all lengths in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Prr {
    /// What was in flight when it began (`RecoverFS`).
    recover_fs: u64,
    /// `prr_delivered`
    delivered: u64,
    /// `prr_out`
    out: u64,
}

/// What an ACK means to PRR; lengths in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct PrrAck {
    /// What it delivered (`DeliveredData`).
    pub(super) delivered: u32,
    /// It advances SND.UNA and tells of no new loss (`SafeACK`).
    pub(super) safe: bool,
    /// What is in flight after it.
    pub(super) pipe: u32,
    /// The segment size.
    pub(super) mss: u32,
}

impl Prr {
    /// A reduction begins with `flight` bytes out.
    pub(super) fn new(flight: u32) -> Self {
        Self {
            recover_fs: u64::from(flight.max(1)),
            ..Self::default()
        }
    }

    /// Something went out.
    pub(super) fn on_sent(&mut self, len: u32) {
        self.out = self.out.saturating_add(len.into());
    }

    /// rfc6937bis §6: the congestion window after an ACK; `None` if it stays.
    pub(super) fn on_ack(&mut self, ack: PrrAck, ssthresh: u64) -> Option<u64> {
        if ack.delivered == 0 {
            return None;
        }
        let (delivered, pipe, mss) = (
            u64::from(ack.delivered),
            u64::from(ack.pipe),
            u64::from(ack.mss),
        );
        self.delivered = self.delivered.saturating_add(delivered);
        let allowed = if pipe > ssthresh {
            let share = u128::from(self.delivered) * u128::from(ssthresh);
            let total = share.div_ceil(self.recover_fs.into());
            // No more than all that was delivered, which fits.
            u64::try_from(total)
                .unwrap_or(u64::MAX)
                .saturating_sub(self.out)
        } else {
            let owed = self.delivered.saturating_sub(self.out).max(delivered);
            let bonus = if ack.safe { mss } else { 0 };
            (owed + bonus).min(ssthresh - pipe)
        };
        // The first retransmission goes out at once.
        let least = if self.out == 0 { mss } else { 0 };
        Some(pipe + allowed.max(least))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the reduction for ten segments of 1000 bytes, the first `lost` of which
    /// are lost, ssthresh at seven; answers how many go out after each ACK.
    fn sent_after_each_ack(lost: u32) -> Vec<u64> {
        let mut prr = Prr::new(10_000);
        let mut pipe = 10_000 - lost * 1000;
        let mut sent = Vec::new();
        for _ in 0..10 - lost {
            pipe -= 1000;
            let ack = PrrAck {
                delivered: 1000,
                safe: false,
                pipe,
                mss: 1000,
            };
            let cwnd = prr.on_ack(ack, 7000).unwrap();
            let segments = cwnd.saturating_sub(pipe.into()) / 1000;
            sent.push(segments);
            prr.on_sent(u32::try_from(segments).unwrap() * 1000);
            pipe += u32::try_from(segments).unwrap() * 1000;
        }
        sent
    }

    #[test]
    fn few_losses_bring_the_window_down_in_step_with_the_acks() {
        let sent = sent_after_each_ack(1);
        assert_eq!(sent.iter().sum::<u64>(), 7, "{sent:?}");
        assert!(sent.iter().all(|n| *n <= 1), "{sent:?}");
    }

    #[test]
    fn what_goes_out_is_the_threshold_s_share_of_what_was_delivered() {
        let mut prr = Prr::new(10_000);
        prr.on_sent(500);
        let ack = |pipe| PrrAck {
            delivered: 1000,
            safe: false,
            pipe,
            mss: 1000,
        };
        assert_eq!(prr.on_ack(ack(9000), 7000), Some(9000 + 700 - 500));
        // With no more than the threshold in flight it is the other rule's turn.
        assert_eq!(prr.on_ack(ack(7000), 7000), Some(7000));
    }

    #[test]
    fn many_losses_keep_as_many_in_flight_as_arrive() {
        assert_eq!(sent_after_each_ack(6), [1, 1, 1, 1]);
    }

    #[test]
    fn progress_without_loss_grows_towards_the_threshold() {
        let mut prr = Prr::new(10_000);
        prr.on_sent(4000);
        let ack = PrrAck {
            delivered: 1000,
            safe: true,
            pipe: 3000,
            mss: 1000,
        };
        assert_eq!(prr.on_ack(ack, 7000), Some(5000));
        assert_eq!(prr.on_ack(PrrAck { pipe: 6500, ..ack }, 7000), Some(7000));
        let nothing = PrrAck {
            delivered: 0,
            ..ack
        };
        assert_eq!(prr.on_ack(nothing, 7000), None);
    }
}
