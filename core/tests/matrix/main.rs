//! How well the sender uses a link, whatever the link is like: a table, kept.
//!
//! Run with `UPDATE_EXPECT=1` to write it anew, then read the difference.
#![cfg(not(target_family = "wasm"))]

mod bottleneck;

use bottleneck::{Link, Outcome, run};
use expect_test::expect;
use std::fmt::Write as _;
use synema_core::tcp::Policy;
use synema_core::tcp::policy::CongestionKind;
use synema_core::time::Duration;

/// The table's link: bits a second, and for how long.
const RATE_BPS: u64 = 10_000_000;
const TIME: Duration = Duration::from_secs(20);
/// A full frame, bytes.
const FRAME: u64 = 1514;

/// Queues: their names, the part of the path's bytes that they hold (in eighths),
/// and how many frames at least.
const QUEUES: [(&str, u64, u64); 3] = [("shallow", 1, 10), ("1 BDP", 8, 20), ("bloated", 64, 200)];

/// Losses in a million frames.
const LOSSES: [(&str, u64); 4] = [
    ("0 %", 0),
    ("0.1 %", 1_000),
    ("1 %", 10_000),
    ("5 %", 50_000),
];

fn policy(congestion: CongestionKind) -> Policy {
    let mut policy = Policy::rfc();
    policy.congestion = congestion;
    policy.send.buffer_len = 8 << 20;
    policy.receive.buffer_len = 8 << 20;
    policy
}

/// `96/1.2`: per cent of the link, and of the segments that went out again.
fn cell(outcome: &Outcome) -> String {
    let permille = outcome.resent_permille();
    let used = outcome.used_permille() / 10;
    format!("{used}/{}.{}", permille / 10, permille % 10)
}

fn table(flows: usize) -> String {
    let kinds = [
        ("NewReno", CongestionKind::NewReno),
        ("CUBIC", CongestionKind::Cubic),
    ];
    let mut text = format!("{flows} flow(s)   ");
    for (name, _) in kinds {
        write!(text, "  {name:<33}").unwrap();
    }
    end_line(&mut text);
    write!(text, "  RTT   loss  ").unwrap();
    for _ in kinds {
        for (queue, ..) in QUEUES {
            write!(text, "{queue:>11}").unwrap();
        }
        text.push_str("  ");
    }
    end_line(&mut text);
    for rtt_ms in [1, 20, 100, 300] {
        for (loss, loss_ppm) in LOSSES {
            write!(text, "{rtt_ms:>3} ms {loss:>6}  ").unwrap();
            for (_, kind) in kinds {
                for (_, eighths, frames) in QUEUES {
                    let bdp = RATE_BPS / 8 * rtt_ms / 1000;
                    let link = Link {
                        rate_bps: RATE_BPS,
                        rtt: Duration::from_millis(rtt_ms),
                        queue_len: (bdp * eighths / 8).max(frames * FRAME),
                        loss_ppm,
                    };
                    let outcome = run(link, &policy(kind), flows, TIME);
                    write!(text, "{:>11}", cell(&outcome)).unwrap();
                }
                text.push_str("  ");
            }
            end_line(&mut text);
        }
    }
    text
}

fn end_line(text: &mut String) {
    text.truncate(text.trim_end().len());
    text.push('\n');
}

/// Per cent of a link of 10 Mbit/s that was used within 20 s, start included,
/// and per cent of the segments that went out again.
#[test]
fn one_flow_on_any_link() {
    expect![[r#"
        1 flow(s)     NewReno                            CUBIC
          RTT   loss      shallow      1 BDP    bloated      shallow      1 BDP    bloated
          1 ms    0 %       99/1.5     99/1.1     99/0.0       99/1.4     99/0.6     98/0.2
          1 ms  0.1 %       99/1.7     99/1.0     99/0.2       99/1.5     99/0.6     99/0.2
          1 ms    1 %       99/2.2     98/1.3     98/1.0       99/2.0     99/1.3     99/1.1
          1 ms    5 %       70/5.6     69/5.5     69/5.5       92/5.4     93/5.3     93/5.3
         20 ms    0 %       93/0.3     98/0.4     99/0.1       99/0.3     99/0.6     99/0.2
         20 ms  0.1 %       88/0.4     96/0.5     97/0.2       96/0.4     99/0.7     99/0.2
         20 ms    1 %       54/1.1     56/1.2     56/1.1       65/1.0     67/1.2     67/1.1
         20 ms    5 %       20/5.5     20/5.5     20/5.5       23/5.5     23/5.5     23/5.5
        100 ms    0 %       79/0.3     97/0.6     98/0.0       92/0.3     98/0.6     98/0.5
        100 ms  0.1 %       47/0.5     52/1.1     53/0.2       54/0.5     59/1.0     67/0.2
        100 ms    1 %       12/1.1     12/1.0     12/1.0       16/1.0     16/0.9     16/0.9
        100 ms    5 %        4/5.1      4/5.1      4/5.1        5/5.0      5/5.0      5/5.0
        300 ms    0 %       80/1.2     92/0.9     92/0.0       87/1.3     92/1.2     92/0.0
        300 ms  0.1 %       33/2.9     35/0.2     35/0.2       48/2.2     58/0.2     58/0.2
        300 ms    1 %        4/1.1      4/1.1      4/1.1        6/1.0      6/1.0      6/1.0
        300 ms    5 %        1/4.6      1/4.6      1/4.6        2/5.6      2/5.6      2/5.6
    "#]]
    .assert_eq(&table(1));
}

#[test]
fn four_flows_on_any_link() {
    expect![[r#"
        4 flow(s)     NewReno                            CUBIC
          RTT   loss      shallow      1 BDP    bloated      shallow      1 BDP    bloated
          1 ms    0 %      99/12.6     99/4.5     99/0.4       99/8.2     99/5.5     99/0.6
          1 ms  0.1 %      99/10.0     99/5.0     99/0.4       99/9.2     99/5.3     99/0.4
          1 ms    1 %       99/9.8     99/5.2     99/1.0       99/9.8     99/5.2     99/1.0
          1 ms    5 %       99/9.7     99/6.3     99/5.3       99/8.7     99/6.3     99/5.3
         20 ms    0 %       96/3.7     99/2.6     99/0.6       99/3.9     99/2.7     99/0.7
         20 ms  0.1 %       95/3.7     99/2.6     99/0.5       99/3.8     99/2.6     99/0.6
         20 ms    1 %       95/3.9     99/2.6     99/1.1       99/4.0     99/2.7     99/1.1
         20 ms    5 %       77/5.7     76/5.6     76/5.3       89/5.6     86/5.5     89/5.2
        100 ms    0 %       87/1.0     97/0.9     98/0.1       95/1.0     98/1.1     97/0.3
        100 ms  0.1 %       84/1.0     98/0.9     98/0.2       95/1.0     98/1.0     98/0.2
        100 ms    1 %       53/1.3     53/1.1     53/1.1       63/1.3     65/1.0     65/1.0
        100 ms    5 %       19/5.4     19/5.5     19/5.5       22/5.5     23/5.5     23/5.5
        300 ms    0 %       87/1.2     94/1.4     94/0.0       92/1.6     94/1.7     85/2.3
        300 ms  0.1 %       63/1.7     67/1.6     83/0.2       83/1.7     92/1.6     94/0.2
        300 ms    1 %       24/1.9     23/1.0     23/1.0       35/1.9     37/1.0     37/1.0
        300 ms    5 %        8/5.4      8/5.4      8/5.4       10/5.1     10/5.1     10/5.1
    "#]]
    .assert_eq(&table(4));
}

/// A long fat path whose queue holds a fortieth of what the path does: a window
/// sent in bursts would never get through.
#[test]
fn a_long_fat_path_with_a_small_queue_is_used() {
    let link = Link {
        rate_bps: 200_000_000,
        rtt: Duration::from_millis(100),
        queue_len: 64 << 10,
        loss_ppm: 0,
    };
    let policy = policy(CongestionKind::Cubic);
    let outcome = run(link, &policy, 1, Duration::from_secs(60));
    let text = cell(&outcome);
    assert!(outcome.used_permille() >= 900, "{text}");
    expect!["90/0.1"].assert_eq(&text);
}
