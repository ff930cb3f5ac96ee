//! The system's settings, as scripts make them.
//!
//! Scripts call `sysctl` and the like. What they find under those names on their
//! PATH writes each argument down as one line of the file that `SYNEMA_SYSCTL`
//! names: `net.ipv4.tcp_ecn=1`, or with slashes and below `/proc/sys/`. Each new
//! socket behaves as the lines say at that time. `tc` writes down its whole line: a
//! queue of length zero takes no packet.

use std::collections::BTreeMap;
use std::fs;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::{EcnPolicy, IdleRestart, Recovery};

/// Names the file.
const FILE_VARIABLE: &str = "SYNEMA_SYSCTL";

/// Settings by their names with dots.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    values: BTreeMap<String, String>,
    /// How long the file was when it was read.
    read_len: u64,
    /// The link's queue has no room for anything.
    pub(crate) link_is_full: bool,
}

impl Settings {
    /// Whether the file, if there is one, has more lines than were read.
    pub(crate) fn have_changed(&self) -> bool {
        let path = std::env::var_os(FILE_VARIABLE);
        let file = path.and_then(|path| fs::metadata(path).ok());
        file.is_some_and(|file| file.len() != self.read_len)
    }

    /// Reads the file again, if there is one.
    pub(crate) fn read(&mut self) {
        let path = std::env::var_os(FILE_VARIABLE);
        if let Some(lines) = path.and_then(|path| fs::read_to_string(path).ok()) {
            self.read_len = lines.len() as u64;
            self.take(&lines);
        }
    }

    fn take(&mut self, lines: &str) {
        for line in lines.lines() {
            if let Some(queue) = line.strip_prefix("tc qdisc ") {
                self.link_is_full = queue.ends_with("limit 0");
            } else if let Some((name, value)) = line.split_once('=') {
                let name = name.trim().trim_start_matches("/proc/sys/");
                let value = value.trim().trim_matches('"');
                self.values.insert(name.replace('/', "."), value.to_owned());
            }
        }
    }

    /// How a new connection behaves.
    pub(crate) fn policy(&self) -> Policy {
        let mut policy = Policy::linux();
        let is_off = |name| self.number(name, 0) == Some(0);
        policy.offer.timestamps &= !is_off("tcp_timestamps");
        policy.offer.sack &= !is_off("tcp_sack");
        policy.offer.window_scale &= !is_off("tcp_window_scaling");
        policy.receive.dsack &= !is_off("tcp_dsack");
        if is_off("tcp_slow_start_after_idle") {
            policy.window.idle = IdleRestart::Never;
        }
        if self
            .number("tcp_early_retrans", 0)
            .is_some_and(|value| value < 3)
        {
            policy.loss.tail_loss_probe = false;
        }
        if is_off("tcp_recovery") {
            policy.recovery = Recovery::Sack;
        }
        policy.ecn = match self.number("tcp_ecn", 0) {
            Some(0) => EcnPolicy::Off,
            Some(1) => EcnPolicy::Request,
            _ => EcnPolicy::Accept,
        };
        policy.loss.forward_rto &= !is_off("tcp_frto");
        if let Some(len) = self.number("tcp_rmem", 2) {
            policy.receive.buffer_len = len;
        }
        if let Some(len) = self.number("tcp_wmem", 1) {
            policy.send.buffer_len = len;
        }
        let unsent_limit = self.number("tcp_notsent_lowat", 0);
        policy.send.unsent_limit = unsent_limit.filter(|limit| *limit != u32::MAX);
        if let Some(segments) = self.number("tcp_min_tso_segs", 0) {
            policy.send.min_burst = u16::try_from(segments).unwrap_or(u16::MAX);
        }
        if let Some(times) = self.number("tcp_syn_retries", 0) {
            policy.timing.syn_retries = u8::try_from(times).unwrap_or(u8::MAX);
        }
        if let Some(times) = self.number("tcp_retries2", 0) {
            policy.timing.retries = u8::try_from(times).unwrap_or(u8::MAX);
        }
        policy
    }

    /// The `index`th number of a setting below `net.ipv4`.
    fn number(&self, name: &str, index: usize) -> Option<u32> {
        let value = self.values.get(&format!("net.ipv4.{name}"))?;
        let word = value.split_whitespace().nth(index)?;
        match word.strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => word.parse().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_of_length_zero_takes_nothing_until_there_is_another() {
        let mut settings = Settings::default();
        settings.take("tc qdisc add dev tun0 root pfifo limit 0\n");
        assert!(settings.link_is_full);
        settings.take("tc qdisc replace dev tun0 root pfifo\n");
        assert!(!settings.link_is_full);
    }

    #[test]
    fn the_last_line_counts_however_the_name_is_spelled() {
        let mut settings = Settings::default();
        settings.take("-q\nnet.ipv4.tcp_timestamps=0\nnet/ipv4/tcp_sack=0\n");
        settings.take("/proc/sys/net/ipv4/tcp_sack=1\nnet.ipv4.tcp_rmem=4096 540000 1000000\n");
        let policy = settings.policy();
        assert!(!policy.offer.timestamps);
        assert!(policy.offer.sack);
        assert_eq!(policy.receive.buffer_len, 1_000_000);
    }
}
