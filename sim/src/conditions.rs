//! What a wire does to frames: delay, rate, queue, loss, reordering,
//! duplication, corruption; all of it seeded.
//!
//! ```text
//!            queue_len        rate               delay + jitter
//!   frame --> [||||] --------> [=] ------------------> --+--> arrival
//!               |                          |             `--> a second time
//!            full: lost               chosen, or by chance: lost half-way
//! ```

use serde::{Deserialize, Serialize};
use synema_core::random::Random;
use synema_core::time::{Duration, Instant};
use synema_core::wire::{EtherType, Protocol, ethernet, ipv4, tcp};

/// One in a million: chances are told in these, for integers are the same everywhere.
pub const PPM: u32 = 1_000_000;

/// What one direction of a wire does to frames. The default is a wire that does
/// nothing, at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Conditions {
    /// Time from one end to the other.
    pub delay: Duration,
    /// Up to so much is added by chance; order is kept.
    pub jitter: Duration,
    /// Bits per second; no limit if `None`.
    pub rate_bps: Option<u64>,
    /// Bytes that may wait for the wire; no limit if `None`.
    pub queue_len: Option<u64>,
    /// How many of a million frames are lost by chance.
    pub loss_ppm: u32,
    /// Losses that come together, beside those that come singly.
    pub bursts: Option<Bursts>,
    /// Frames that are lost for certain.
    pub lose: Vec<Chosen>,
    /// What the sender's firewall does not let out.
    pub firewall: Vec<Forbidden>,
    /// How many of a million frames are overtaken by those behind them.
    pub reorder_ppm: u32,
    /// By how much an overtaken frame is late.
    pub reorder_by: Duration,
    /// How many of a million frames arrive twice.
    pub duplicate_ppm: u32,
    /// How many of a million frames arrive with one bit changed, behind the
    /// Ethernet header (as if the FCS had not noticed).
    pub corrupt_ppm: u32,
}

/// Losses in bursts, by Gilbert's and Elliott's model of a wire that is good or bad.
///
/// ```text
///            begin_ppm
///      .------------------> .
///    good                  bad: loses loss_ppm
///      ' <------------------'
///             end_ppm
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bursts {
    /// In how many of a million frames a good wire turns bad.
    pub begin_ppm: u32,
    /// In how many of a million frames a bad wire turns good.
    pub end_ppm: u32,
    /// How many of a million frames a bad wire loses.
    pub loss_ppm: u32,
}

/// What a firewall does not let out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Forbidden {
    /// TCP segments with RST.
    TcpRst,
}

/// One certain frame of a direction; counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Chosen {
    /// The nth frame of any kind.
    Frame(u64),
    /// The nth TCP segment that carries data.
    TcpData(u64),
    /// The nth TCP segment with SYN.
    TcpSyn(u64),
    /// The nth TCP segment without FIN behind one with: an ACK, for no data follows.
    AfterFin(u64),
    /// The first frame of any kind that is sent then or later, counted from the beginning
    /// of the clock.
    From(Duration),
}

impl Conditions {
    /// A wire that takes `delay` from end to end.
    pub fn delay(delay: Duration) -> Self {
        Self {
            delay,
            ..Self::default()
        }
    }

    /// The same, and so many of a hundred frames are lost.
    #[must_use]
    pub fn with_loss_percent(self, percent: u32) -> Self {
        Self {
            loss_ppm: percent.saturating_mul(PPM / 100),
            ..self
        }
    }

    /// The same, and these are lost.
    #[must_use]
    pub fn losing(self, chosen: &[Chosen]) -> Self {
        Self {
            lose: chosen.to_vec(),
            ..self
        }
    }
}

/// Why a frame died on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LossReason {
    /// By chance.
    Chance,
    /// It had been chosen.
    Chosen,
    /// No room in the queue.
    QueueFull,
    /// The sender's firewall does not let it out.
    Forbidden,
}

/// What becomes of one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives.
    Arrives {
        /// When.
        at: Instant,
        /// The bit that was changed, counted from the frame's first.
        corrupted: Option<u64>,
        /// Whether it is the second copy.
        duplicate: bool,
    },
    /// It does not.
    Lost {
        /// When it died: half-way, or at the queue.
        at: Instant,
        /// Why.
        why: LossReason,
    },
}

/// One direction of a wire, with what it remembers.
#[derive(Clone, Debug)]
pub struct Wire {
    conditions: Conditions,
    random: Random,
    /// Those of bursts are numbers of their own, so that bursts move no other chances.
    burst_random: Random,
    is_bad: bool,
    /// When the last bit of the last frame leaves.
    busy_until: Instant,
    /// When the last frame that was not overtaken arrives.
    last_arrival: Instant,
    frames: u64,
    data_segments: u64,
    syns: u64,
    fins: u64,
    after_fin: u64,
    /// When the frame before was sent.
    last_sent: Option<Instant>,
}

impl Wire {
    /// A direction under `conditions`, with its own random numbers.
    pub fn new(conditions: Conditions, seed: u64) -> Self {
        Self {
            conditions,
            random: Random::new(seed),
            burst_random: Random::new(!seed),
            is_bad: false,
            busy_until: Instant::ZERO,
            last_arrival: Instant::ZERO,
            frames: 0,
            data_segments: 0,
            syns: 0,
            fins: 0,
            after_fin: 0,
            last_sent: None,
        }
    }

    /// Other conditions from now on; what is on its way stays so.
    pub fn set_conditions(&mut self, conditions: Conditions) {
        self.conditions = conditions;
    }

    /// What becomes of a frame that is sent now: one fate, or two if it arrives twice.
    pub fn send(&mut self, now: Instant, frame: &[u8]) -> Vec<Fate> {
        // All are drawn for every frame, so that one knob does not move another's chances.
        let draws = Draws::new(&mut self.random);
        let in_burst = self.is_lost_in_burst();
        let chosen = self.count(now, frame);
        if self.is_forbidden(frame) {
            return vec![Fate::Lost {
                at: now,
                why: LossReason::Forbidden,
            }];
        }
        let len = frame.len() as u64;
        let Some(sent_at) = self.serialize(now, len) else {
            return vec![Fate::Lost {
                at: now,
                why: LossReason::QueueFull,
            }];
        };
        let conditions = &self.conditions;
        let by_chance = in_burst || draws.loss < conditions.loss_ppm;
        if chosen || by_chance {
            let why = match chosen {
                true => LossReason::Chosen,
                false => LossReason::Chance,
            };
            let at = sent_at + conditions.delay / 2;
            return vec![Fate::Lost { at, why }];
        }
        let at = self.arrival(sent_at, &draws);
        let conditions = &self.conditions;
        let corrupted = (draws.corrupt < conditions.corrupt_ppm)
            .then(|| corrupted_bit(draws.bit, len))
            .flatten();
        let mut fates = vec![Fate::Arrives {
            at,
            corrupted,
            duplicate: false,
        }];
        if draws.duplicate < conditions.duplicate_ppm {
            fates.push(Fate::Arrives {
                at,
                corrupted: None,
                duplicate: true,
            });
        }
        fates
    }

    /// The wire turns good or bad, or stays as it is; then whether it loses a frame so.
    fn is_lost_in_burst(&mut self) -> bool {
        let Some(bursts) = self.conditions.bursts else {
            return false;
        };
        let mut ppm = || scaled(self.burst_random.next_u32(), u64::from(PPM)) as u32;
        let (turn, loss) = (ppm(), ppm());
        let turns = match self.is_bad {
            false => turn < bursts.begin_ppm,
            true => turn < bursts.end_ppm,
        };
        self.is_bad ^= turns;
        self.is_bad && loss < bursts.loss_ppm
    }

    fn is_forbidden(&self, frame: &[u8]) -> bool {
        let mut rules = self.conditions.firewall.iter();
        rules.any(|rule| match rule {
            Forbidden::TcpRst => tcp_segment(frame).is_some_and(|it| it.flags().rst()),
        })
    }

    /// When the frame's last bit is on the wire; `None` if it finds no room to wait.
    fn serialize(&mut self, now: Instant, len: u64) -> Option<Instant> {
        let Some(rate) = self.conditions.rate_bps else {
            return Some(now);
        };
        let rate = u128::from(rate.max(1));
        let waiting_ns = u128::from(self.busy_until.as_nanos().saturating_sub(now.as_nanos()));
        let waiting_len = waiting_ns * rate / 8_000_000_000;
        let full = |limit| waiting_len + u128::from(len) > u128::from(limit);
        if waiting_ns > 0 && self.conditions.queue_len.is_some_and(full) {
            return None;
        }
        let takes = u128::from(len) * 8_000_000_000 / rate;
        let takes = Duration::from_nanos(u64::try_from(takes).unwrap_or(u64::MAX));
        self.busy_until = self.busy_until.max(now) + takes;
        Some(self.busy_until)
    }

    fn arrival(&mut self, sent_at: Instant, draws: &Draws) -> Instant {
        let conditions = &self.conditions;
        let jitter_ns = (conditions.jitter.as_nanos() * u128::from(draws.jitter)) >> 32;
        let jitter = Duration::from_nanos(u64::try_from(jitter_ns).unwrap_or(u64::MAX));
        let at = (sent_at + conditions.delay + jitter).max(self.last_arrival);
        if draws.reorder < conditions.reorder_ppm {
            return at + conditions.reorder_by;
        }
        self.last_arrival = at;
        at
    }

    /// Counts the frame, and says whether it was chosen to be lost.
    fn count(&mut self, now: Instant, frame: &[u8]) -> bool {
        self.frames += 1;
        let before = self.last_sent.replace(now);
        let (mut is_data, mut is_syn, mut is_after_fin) = (false, false, false);
        if let Some(segment) = tcp_segment(frame) {
            is_data = !segment.payload().is_empty();
            is_syn = segment.flags().syn();
            self.data_segments += u64::from(is_data);
            self.syns += u64::from(is_syn);
            self.fins += u64::from(segment.flags().fin());
            is_after_fin = self.fins > 0 && !segment.flags().fin();
            self.after_fin += u64::from(is_after_fin);
        }
        self.conditions.lose.iter().any(|chosen| match chosen {
            Chosen::Frame(n) => *n == self.frames,
            Chosen::TcpData(n) => is_data && *n == self.data_segments,
            Chosen::TcpSyn(n) => is_syn && *n == self.syns,
            Chosen::AfterFin(n) => is_after_fin && *n == self.after_fin,
            Chosen::From(after) => {
                let from = Instant::ZERO + *after;
                now >= from && before.is_none_or(|before| before < from)
            }
        })
    }
}

/// The random numbers of one frame.
struct Draws {
    loss: u32,
    reorder: u32,
    duplicate: u32,
    corrupt: u32,
    jitter: u32,
    bit: u32,
}

impl Draws {
    fn new(random: &mut Random) -> Self {
        let mut ppm = || scaled(random.next_u32(), u64::from(PPM));
        let (loss, reorder, duplicate, corrupt) = (ppm(), ppm(), ppm(), ppm());
        Self {
            loss: loss as u32,
            reorder: reorder as u32,
            duplicate: duplicate as u32,
            corrupt: corrupt as u32,
            jitter: random.next_u32(),
            bit: random.next_u32(),
        }
    }
}

/// A number below `below` from 32 random bits.
fn scaled(random: u32, below: u64) -> u64 {
    ((u128::from(random) * u128::from(below)) >> 32) as u64
}

/// Which bit of a frame of `len` bytes is changed, if it has any behind its header.
fn corrupted_bit(random: u32, len: u64) -> Option<u64> {
    let header = ethernet::HEADER_LEN as u64;
    let body_bits = len.checked_sub(header)? * 8;
    (body_bits > 0).then(|| header * 8 + scaled(random, body_bits))
}

/// Whether a frame carries a TCP segment with data.
pub(crate) fn is_tcp_data(frame: &[u8]) -> bool {
    tcp_segment(frame).is_some_and(|segment| !segment.payload().is_empty())
}

pub(crate) fn tcp_segment(frame: &[u8]) -> Option<tcp::Segment<'_>> {
    let frame = ethernet::Frame::parse(frame).ok()?;
    if frame.ether_type() != EtherType::IPV4 {
        return None;
    }
    let packet = ipv4::Packet::parse(frame.payload()).ok()?;
    if packet.protocol() != Protocol::TCP || packet.is_fragment() {
        return None;
    }
    tcp::Segment::parse(packet.payload()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: [u8; 1000] = [0; 1000];

    fn arrivals(wire: &mut Wire, at: Instant, frames: usize) -> Vec<Fate> {
        (0..frames).flat_map(|_| wire.send(at, &FRAME)).collect()
    }

    fn arrives(fate: &Fate) -> Option<Instant> {
        match fate {
            Fate::Arrives { at, .. } => Some(*at),
            Fate::Lost { .. } => None,
        }
    }

    #[test]
    fn a_wire_without_conditions_does_nothing_at_once() {
        let mut wire = Wire::new(Conditions::default(), 1);
        let at = Instant::from_millis(7);
        let fate = Fate::Arrives {
            at,
            corrupted: None,
            duplicate: false,
        };
        assert_eq!(arrivals(&mut wire, at, 3), [fate; 3]);
    }

    #[test]
    fn frames_leave_one_after_the_other_and_a_full_queue_takes_no_more() {
        let conditions = Conditions {
            rate_bps: Some(8_000_000), // a frame each millisecond
            queue_len: Some(3_000),
            ..Conditions::delay(Duration::from_millis(5))
        };
        let mut wire = Wire::new(conditions, 1);
        let fates = arrivals(&mut wire, Instant::ZERO, 5);
        let at: Vec<_> = fates
            .iter()
            .filter_map(arrives)
            .map(Instant::as_micros)
            .collect();
        assert_eq!(at, [6_000, 7_000, 8_000]);
        let lost = Fate::Lost {
            at: Instant::ZERO,
            why: LossReason::QueueFull,
        };
        assert_eq!(fates[3..], [lost; 2]);
        // A millisecond later there is room for one again.
        let fates = arrivals(&mut wire, Instant::from_millis(1), 2);
        assert_eq!(arrives(&fates[0]), Some(Instant::from_millis(9)));
        assert_eq!(arrives(&fates[1]), None);
    }

    #[test]
    fn jitter_keeps_the_order_and_reordering_does_not() {
        let jitter = Conditions {
            jitter: Duration::from_millis(3),
            ..Conditions::delay(Duration::from_millis(10))
        };
        let mut wire = Wire::new(jitter.clone(), 3);
        let send = |wire: &mut Wire| -> Vec<Instant> {
            (0..200)
                .flat_map(|i| wire.send(Instant::from_micros(i * 100), &FRAME))
                .filter_map(|fate| arrives(&fate))
                .collect()
        };
        let at = send(&mut wire);
        assert!(at.is_sorted());
        assert!(at.iter().enumerate().all(|(i, at)| {
            let late = at.as_micros() - i as u64 * 100;
            (10_000..13_000).contains(&late)
        }));
        let reordering = Conditions {
            reorder_ppm: 100_000,
            reorder_by: Duration::from_millis(1),
            ..Conditions::default()
        };
        let mut wire = Wire::new(reordering, 3);
        let at = send(&mut wire);
        let late = at
            .iter()
            .enumerate()
            .filter(|(i, at)| at.as_micros() > *i as u64 * 100);
        assert!((10..35).contains(&late.count()), "about a tenth");
        assert!(!at.is_sorted());
    }

    #[test]
    fn chances_are_what_they_say_and_do_not_move_each_other() {
        let lossy = Conditions::default().with_loss_percent(10);
        let lost_of = |conditions: Conditions| -> Vec<usize> {
            let mut wire = Wire::new(conditions, 5);
            let mut is_lost = || arrives(&wire.send(Instant::ZERO, &FRAME)[0]).is_none();
            (0..10_000).filter(|_| is_lost()).collect()
        };
        let lost = lost_of(lossy.clone());
        assert!((900..1_100).contains(&lost.len()), "{}", lost.len());
        let also_late = Conditions {
            jitter: Duration::from_millis(1),
            duplicate_ppm: 500_000,
            corrupt_ppm: 500_000,
            ..lossy
        };
        assert_eq!(lost_of(also_late), lost);
    }

    #[test]
    fn bursts_lose_as_much_as_they_say_and_in_rows() {
        // Bad for 4 frames, then good for 36: a tenth of all frames, in rows of about four.
        let bursts = Bursts {
            begin_ppm: PPM / 36,
            end_ppm: PPM / 4,
            loss_ppm: PPM,
        };
        let lost_of = |conditions: Conditions| -> Vec<bool> {
            let mut wire = Wire::new(conditions, 5);
            let mut is_lost = || arrives(&wire.send(Instant::ZERO, &FRAME)[0]).is_none();
            (0..20_000).map(|_| is_lost()).collect()
        };
        let lost = lost_of(Conditions {
            bursts: Some(bursts),
            ..Conditions::default()
        });
        let all = lost.iter().filter(|it| **it).count();
        let rows = lost.windows(2).filter(|two| !two[0] && two[1]).count();
        assert!((1_700..2_300).contains(&all), "{all}");
        assert!((35..45).contains(&(all * 10 / rows)), "{all} in {rows}");
        // They move no other chances.
        let spread = Conditions::default().with_loss_percent(10);
        let also = Conditions {
            bursts: Some(Bursts {
                loss_ppm: 0,
                ..bursts
            }),
            ..spread.clone()
        };
        assert_eq!(lost_of(spread), lost_of(also));
    }

    #[test]
    fn a_corrupted_frame_keeps_its_ethernet_header() {
        let conditions = Conditions {
            corrupt_ppm: PPM,
            ..Conditions::default()
        };
        let mut wire = Wire::new(conditions, 5);
        for _ in 0..1_000 {
            match wire.send(Instant::ZERO, &FRAME)[0] {
                Fate::Arrives {
                    corrupted: Some(bit),
                    ..
                } => {
                    assert!((14 * 8..8_000).contains(&bit), "{bit}");
                }
                other => panic!("not corrupted: {other:?}"),
            }
        }
        // There is nothing behind this one's.
        let fates = wire.send(Instant::ZERO, &[0; 14]);
        assert!(matches!(
            fates[0],
            Fate::Arrives {
                corrupted: None,
                ..
            }
        ));
        assert!(matches!(
            wire.send(Instant::ZERO, &[])[0],
            Fate::Arrives { .. }
        ));
    }

    #[test]
    fn the_chosen_frame_is_lost_and_no_other() {
        let conditions = Conditions::default().losing(&[Chosen::Frame(2)]);
        let mut wire = Wire::new(conditions, 5);
        let fates = arrivals(&mut wire, Instant::ZERO, 4);
        let lost: Vec<_> = fates.iter().map(|fate| arrives(fate).is_none()).collect();
        assert_eq!(lost, [false, true, false, false]);
        let from = Chosen::From(Duration::from_millis(2));
        let mut wire = Wire::new(Conditions::default().losing(&[from]), 5);
        let fates = [1, 3, 3, 4].map(|ms| wire.send(Instant::from_millis(ms), &FRAME)[0]);
        let lost = fates.map(|fate| arrives(&fate).is_none());
        assert_eq!(lost, [false, true, false, false]);
    }
}
