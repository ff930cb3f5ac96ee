//! What each experiment is there to show, read from the analysis of its trace.

mod company;
mod played;
mod told;

use expect_test::expect;
use played::{experiment, play, settings};
use synema_core::time::Instant;
use synema_diagram::analysis::Verdicts;
use synema_sim::experiment::{Experiment, Knob, Run, Setting, Settings, Turned, catalogue};

#[test]
fn three_packets_open_a_connection_and_each_end_knows_it_at_its_own_time() {
    let played = play("handshake", &[]);
    expect![[r#"
        0.0     page   SYN 0
        20.0    server SYN ACK 0 ack 1
        20.0    page   ACK 1 ack 1
    "#]]
    .assert_eq(&played.story());
    assert_eq!(played.established_ms(), (Some(20), Some(30)));
}

#[test]
fn a_lost_syn_costs_a_second_and_a_lost_ack_of_the_handshake_costs_the_other_end() {
    expect![[r#"
        0.0     page   SYN 0 LOST
        1000.0  page   SYN 0 [retransmission]
        1020.0  server SYN ACK 0 ack 1
        1020.0  page   ACK 1 ack 1
    "#]]
    .assert_eq(&play("handshake", &[("lose", "syn")]).story());
    expect![[r#"
        0.0     page   SYN 0
        20.0    server SYN ACK 0 ack 1 LOST
        1000.0  page   SYN 0 [retransmission]
        1020.0  server SYN ACK 0 ack 1
        1020.0  page   ACK 1 ack 1
    "#]]
    .assert_eq(&play("handshake", &[("lose", "syn-ack")]).story());
    expect![[r#"
        0.0     page   SYN 0
        20.0    server SYN ACK 0 ack 1
        20.0    page   ACK 1 ack 1 LOST
        1020.0  server SYN ACK 0 ack 1 [retransmission]
        1020.0  page   ACK 1 ack 1 [duplicate_ack]
    "#]]
    .assert_eq(&play("handshake", &[("lose", "ack")]).story());
}

#[test]
fn a_run_tells_of_all_its_machines_the_pages_first() {
    let run = play("handshake", &[]).run;
    let machines = run.machines();
    let ends: Vec<_> = machines.iter().map(|one| (one.node, one.trace)).collect();
    assert_eq!(
        ends,
        [
            (run.page(), run.page_trace()),
            (run.server(), run.server_trace())
        ]
    );
    assert_eq!(machines[0].name.ja, "このページ");
    assert_ne!(machines[0].addr, machines[1].addr);
}

#[test]
fn an_ack_names_the_next_byte() {
    let played = play("numbers", &[]);
    expect![[r#"
        0.0     page   SYN 0
        20.0    server SYN ACK 0 ack 1
        20.0    page   ACK 1 ack 1
        20.0    page   PSH ACK 1+78 ack 1
        40.0    server ACK 1 ack 79
        40.0    server PSH ACK 1+110 ack 79
        40.0    server PSH ACK 111+120 ack 79
        40.0    server PSH ACK 231+200 ack 79
        40.0    server PSH ACK 431+500 ack 79
        40.0    page   ACK 79 ack 111
        40.0    page   ACK 79 ack 231
        40.0    page   ACK 79 ack 431
        40.0    page   ACK 79 ack 931
        40.0    page   FIN ACK 79 ack 931
        60.0    server FIN ACK 931 ack 80
        60.0    page   ACK 80 ack 932
    "#]]
    .assert_eq(&played.story());
    assert_eq!(played.run.page_received(), 930);
    // Fewer ACKs say as much.
    expect![[r#"
        0.0     page   SYN 0
        20.0    server SYN ACK 0 ack 1
        20.0    page   ACK 1 ack 1
        20.0    page   PSH ACK 1+78 ack 1
        40.0    server ACK 1 ack 79
        40.0    server PSH ACK 1+110 ack 79
        40.0    server PSH ACK 111+120 ack 79
        40.0    server PSH ACK 231+200 ack 79
        40.0    server PSH ACK 431+500 ack 79
        40.0    page   ACK 79 ack 431
        40.0    page   FIN ACK 79 ack 931
        60.0    server FIN ACK 931 ack 80
        60.0    page   ACK 80 ack 932
    "#]]
    .assert_eq(&play("numbers", &[("acks", "second")]).story());
}

#[test]
fn the_last_packet_is_the_dearest_to_lose() {
    let played = play("one-goes-missing", &[]);
    expect![[r#"
        0.0     page   SYN 0
        20.0    server SYN ACK 0 ack 1
        20.0    page   ACK 1 ack 1
        20.0    page   PSH ACK 1+78 ack 1
        40.0    server ACK 1 ack 79
        40.0    server PSH ACK 1+110 ack 79
        40.0    server PSH ACK 111+120 ack 79
        40.0    server PSH ACK 231+200 ack 79
        40.0    server PSH ACK 431+500 ack 79 LOST
        40.0    page   ACK 79 ack 111
        40.0    page   ACK 79 ack 231
        40.0    page   ACK 79 ack 431
        280.0   server PSH ACK 431+500 ack 79
        280.0   page   ACK 79 ack 931
        280.0   page   FIN ACK 79 ack 931
        300.0   server FIN ACK 931 ack 80
        300.0   page   ACK 80 ack 932
    "#]]
    .assert_eq(&played.story());
    assert_eq!(played.count(Verdicts::DUPLICATE_ACK), 0);
    assert_eq!(played.server_timeouts(), 1);
}

#[test]
fn the_second_is_missed_by_two_duplicates_and_waits_for_the_timer_without_rack() {
    let played = play("one-goes-missing", &[("lose", "2"), ("recovery", "three")]);
    expect![[r#"
        0.0     page   SYN 0
        20.0    server SYN ACK 0 ack 1
        20.0    page   ACK 1 ack 1
        20.0    page   PSH ACK 1+78 ack 1
        40.0    server ACK 1 ack 79
        40.0    server PSH ACK 1+110 ack 79
        40.0    server PSH ACK 111+120 ack 79 LOST
        40.0    server PSH ACK 231+200 ack 79 [lost_segment]
        40.0    server PSH ACK 431+500 ack 79
        40.0    page   ACK 79 ack 111
        40.0    page   ACK 79 ack 111 [duplicate_ack]
        40.0    page   ACK 79 ack 111 [duplicate_ack]
        280.0   server PSH ACK 111+820 ack 79 [retransmission]
        280.0   page   ACK 79 ack 931
        280.0   page   FIN ACK 79 ack 931
        300.0   server FIN ACK 931 ack 80
        300.0   page   ACK 80 ack 932
    "#]]
    .assert_eq(&played.story());
    assert_eq!(played.count(Verdicts::DUPLICATE_ACK), 2);
    assert_eq!(played.count(Verdicts::FAST_RETRANSMISSION), 0);
    assert_eq!(played.server_timeouts(), 1);
}

#[test]
fn rack_needs_no_third_duplicate() {
    let played = play("one-goes-missing", &[("lose", "2")]);
    expect![[r#"
        0.0     page   SYN 0
        20.0    server SYN ACK 0 ack 1
        20.0    page   ACK 1 ack 1
        20.0    page   PSH ACK 1+78 ack 1
        40.0    server ACK 1 ack 79
        40.0    server PSH ACK 1+110 ack 79
        40.0    server PSH ACK 111+120 ack 79 LOST
        40.0    server PSH ACK 231+200 ack 79 [lost_segment]
        40.0    server PSH ACK 431+500 ack 79
        40.0    page   ACK 79 ack 111
        40.0    page   ACK 79 ack 111 [duplicate_ack]
        40.0    page   ACK 79 ack 111 [duplicate_ack]
        67.0    server PSH ACK 111+120 ack 79 [retransmission]
        67.0    page   ACK 79 ack 931
        67.0    page   FIN ACK 79 ack 931
        87.0    server FIN ACK 931 ack 80
        87.0    page   ACK 80 ack 932
    "#]]
    .assert_eq(&played.story());
    assert_eq!(played.server_timeouts(), 0);
}

/// One digest a line for every experiment as it is opened, and for each end of each knob.
const DIGESTS: &str = include_str!("../experiments/digests.txt");

/// These tests run in wasm as well: there the same digests must come out.
#[test]
fn every_run_is_the_same_everywhere() {
    let mut lines = String::new();
    for experiment in catalogue() {
        for settings in every_extreme(&experiment) {
            let mut run =
                Run::new(&experiment, &settings, experiment.seed).expect("they are its own");
            run.run_to_end();
            lines += &format!("{} {} {}\n", run.digest(), experiment.id, words(&settings));
        }
    }
    #[cfg(not(target_family = "wasm"))]
    if std::env::var_os("SYNEMA_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/experiments/digests.txt");
        std::fs::write(path, &lines).expect("the file can be written");
        return;
    }
    let hint = "SYNEMA_BLESS=1 writes them anew, if the stack is meant to behave otherwise";
    for (is, was) in lines.lines().zip(DIGESTS.lines()) {
        assert_eq!(is, was, "{hint}");
    }
    assert_eq!(lines.len(), DIGESTS.len(), "{hint}");
}

/// As it is opened, and with one knob at a time at each of its ends.
fn every_extreme(experiment: &Experiment) -> Vec<Settings> {
    let one = |knob: &Knob| -> Vec<Settings> {
        let set = |setting| Settings::from([(knob.id.clone(), setting)]);
        let others = knob.extremes().into_iter();
        let others = others.filter(|setting| *setting != knob.start());
        others.map(set).collect()
    };
    let knobs = experiment.knobs.iter().flat_map(one);
    [Settings::new()].into_iter().chain(knobs).collect()
}

fn words(settings: &Settings) -> String {
    let words = settings.iter().map(|(knob, setting)| match setting {
        Setting::Number(number) => format!("{knob}={number}"),
        Setting::Choice(id) => format!("{knob}={id}"),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_run_goes_step_by_step_and_back() {
    let experiment = experiment("one-goes-missing");
    let mut run =
        Run::new(&experiment, &Settings::new(), experiment.seed).expect("as it is opened");
    run.run_until(Instant::from_millis(100));
    assert_eq!(run.now(), Instant::from_millis(100));
    let early = run.digest();
    let mut times = Vec::new();
    while run.step() {
        times.push(run.now());
    }
    assert!(times.is_sorted() && times.len() > 5, "{times:?}");
    assert_eq!(run.now(), run.end());
    assert_ne!(run.digest(), early);
    let back = run
        .back_to(Instant::from_millis(100))
        .expect("it was there");
    assert_eq!(
        (back.now(), back.digest()),
        (Instant::from_millis(100), early)
    );
}

#[test]
fn a_knob_turned_on_the_way_holds_from_then_on_and_is_turned_again_on_the_way_back() {
    let experiment = experiment("one-goes-missing");
    let opened = |set| Run::new(&experiment, &settings(&experiment, set), 7).expect("its own");
    let mut run = opened(&[]);
    run.run_until(Instant::from_millis(100));
    // From here on the way is slower: the retransmission, and all after it.
    let turned = run.turn("delay", Setting::Number(50));
    assert_eq!(turned, Ok(Turned::FromNow));
    run.run_to_end();
    let mut unturned = opened(&[]);
    unturned.run_to_end();
    let arrivals = |run: &Run| {
        let late = run
            .passages()
            .iter()
            .filter(|one| one.departed > Instant::from_millis(100));
        late.map(|one| one.departed.as_millis()).collect::<Vec<_>>()
    };
    assert_ne!(arrivals(&run), arrivals(&unturned));
    let mut back = run
        .back_to(Instant::from_millis(150))
        .expect("it was there");
    back.run_to_end();
    assert_eq!(back.digest(), run.digest());
    // What was said already cannot be unsaid.
    let error = run
        .turn("speed", Setting::Number(1))
        .expect_err("it has no such knob");
    assert!(error.to_string().contains("no knob"), "{error}");
}

#[test]
fn a_lost_ack_is_not_missed_unless_it_is_the_last() {
    for lose in ["none", "111", "231", "431"] {
        let played = play("a-lost-ack", &[("lose", lose)]);
        assert_eq!(played.count(Verdicts::RETRANSMISSION), 0, "{lose}");
        assert_eq!(played.last_read_ms(), 40);
    }
    let played = play("a-lost-ack", &[("lose", "931")]);
    assert_eq!(played.server_timeouts(), 1);
    expect![[r#"
        0.0     page   SYN 0
        20.0    server SYN ACK 0 ack 1
        20.0    page   ACK 1 ack 1
        20.0    page   PSH ACK 1+78 ack 1
        40.0    server ACK 1 ack 79
        40.0    server PSH ACK 1+110 ack 79
        40.0    server PSH ACK 111+120 ack 79
        40.0    server PSH ACK 231+200 ack 79
        40.0    server PSH ACK 431+500 ack 79
        40.0    page   ACK 79 ack 111
        40.0    page   ACK 79 ack 231
        40.0    page   ACK 79 ack 431
        40.0    page   ACK 79 ack 931 LOST
        280.0   server PSH ACK 431+500 ack 79 [retransmission] [spurious_retransmission]
        280.0   page   ACK 79 ack 931 [duplicate_ack]
    "#]]
    .assert_eq(&played.story());
}

#[test]
fn nagle_and_the_delayed_ack_wait_for_each_other() {
    expect![[r#"
        0.0     page   SYN 0
        20.0    server SYN ACK 0 ack 1
        20.0    page   ACK 1 ack 1
        20.0    page   PSH ACK 1+40 ack 1
        80.0    server ACK 1 ack 41
        80.0    page   PSH ACK 41+30 ack 1
        100.0   server PSH ACK 1+500 ack 71
        100.0   page   ACK 71 ack 501
    "#]]
    .assert_eq(&play("nagle-and-the-delayed-ack", &[]).story());
    // Either alone costs a round trip at most.
    let answered = |set| play("nagle-and-the-delayed-ack", set).last_read_ms();
    assert_eq!(answered(&[]), 100);
    assert_eq!(answered(&[("acks", "200")]), 260);
    assert_eq!(answered(&[("acks", "0")]), 60);
    assert_eq!(answered(&[("nagle", "off")]), 40);
}

#[test]
fn a_closed_window_is_probed_until_it_opens() {
    expect![[r#"
        0.0     page   SYN 0
        20.0    server SYN ACK 0 ack 1
        20.0    page   ACK 1 ack 1
        20.0    page   PSH ACK 1+22 ack 1
        40.0    server ACK 1 ack 23
        40.0    server ACK 1+1448 ack 23
        40.0    server PSH ACK 1449+1448 ack 23
        40.0    server ACK 2897+1448 ack 23
        40.0    server PSH ACK 4345+1448 ack 23
        40.0    server ACK 5793+1448 ack 23
        40.0    server PSH ACK 7241+952 ack 23 [window_full]
        40.0    page   ACK 23 ack 1449
        40.0    page   ACK 23 ack 2897
        40.0    page   ACK 23 ack 4345
        40.0    page   ACK 23 ack 5793
        40.0    page   ACK 23 ack 7241
        40.0    page   ACK 23 ack 8193 [zero_window]
        280.0   server ACK 8192 ack 23 [keep_alive]
        280.0   page   ACK 23 ack 8193 [zero_window]
        720.0   server ACK 8192 ack 23 [keep_alive]
        720.0   page   ACK 23 ack 8193 [zero_window]
        1600.0  server ACK 8192 ack 23 [keep_alive]
        1600.0  page   ACK 23 ack 8193 [zero_window]
        2020.0  page   ACK 23 ack 8193 [window_update]
        2040.0  server ACK 8193+1448 ack 23
        2040.0  server PSH ACK 9641+1448 ack 23
        2040.0  server ACK 11089+1448 ack 23
        2040.0  server PSH ACK 12537+1448 ack 23
        2040.0  server ACK 13985+1448 ack 23
        2040.0  server PSH ACK 15433+952 ack 23 [window_full]
        2040.0  page   ACK 23 ack 9641
        2040.0  page   ACK 23 ack 11089
        2040.0  page   ACK 23 ack 13985
        2060.0  server ACK 16385+1448 ack 23
        2060.0  server PSH ACK 17833+1448 ack 23
        2060.0  server ACK 19281+1448 ack 23
        2060.0  server PSH ACK 20729+1448 ack 23 [window_full]
        2060.0  page   ACK 23 ack 17833
        2060.0  page   ACK 23 ack 20729
        2080.0  server ACK 22177+1448 ack 23
        2080.0  server PSH ACK 23625+1448 ack 23
        2080.0  server ACK 25073+1448 ack 23
        2080.0  server PSH ACK 26521+1448 ack 23
        2080.0  page   ACK 23 ack 23625
        2080.0  page   ACK 23 ack 26521
        2100.0  server ACK 27969+1448 ack 23
        2100.0  server PSH ACK 29417+584 ack 23
        2100.0  page   ACK 23 ack 29417
        2100.0  page   FIN ACK 23 ack 30001
        2120.0  server FIN ACK 30001 ack 24
        2120.0  page   ACK 24 ack 30002
    "#]]
    .assert_eq(&play("zero-window", &[]).story());
    expect![[r#"
        0.0     page   SYN 0
        20.0    server SYN ACK 0 ack 1
        20.0    page   ACK 1 ack 1
        20.0    page   PSH ACK 1+22 ack 1
        40.0    server ACK 1 ack 23
        40.0    server ACK 1+1448 ack 23
        40.0    server PSH ACK 1449+1448 ack 23
        40.0    server ACK 2897+1448 ack 23
        40.0    server PSH ACK 4345+1448 ack 23
        40.0    server ACK 5793+1448 ack 23
        40.0    server PSH ACK 7241+952 ack 23 [window_full]
        40.0    page   ACK 23 ack 1449
        40.0    page   ACK 23 ack 2897
        40.0    page   ACK 23 ack 4345
        40.0    page   ACK 23 ack 5793
        40.0    page   ACK 23 ack 7241
        40.0    page   ACK 23 ack 8193 [zero_window]
        280.0   server ACK 8192 ack 23 [keep_alive]
        280.0   page   ACK 23 ack 8193 [zero_window]
        720.0   server ACK 8192 ack 23 [keep_alive]
        720.0   page   ACK 23 ack 8193 [zero_window]
        1600.0  server ACK 8192 ack 23 [keep_alive]
        1600.0  page   ACK 23 ack 8193 [zero_window]
        2020.0  page   ACK 23 ack 8193 LOST [window_update]
        3360.0  server ACK 8192 ack 23 [keep_alive]
        3360.0  page   ACK 23 ack 8193 [keep_alive_ack]
        3380.0  server ACK 8193+1448 ack 23
        3380.0  server PSH ACK 9641+1448 ack 23
        3380.0  server ACK 11089+1448 ack 23
        3380.0  server PSH ACK 12537+1448 ack 23
        3380.0  server ACK 13985+1448 ack 23
        3380.0  server PSH ACK 15433+952 ack 23 [window_full]
        3380.0  page   ACK 23 ack 9641
        3380.0  page   ACK 23 ack 11089
        3380.0  page   ACK 23 ack 13985
        3400.0  server ACK 16385+1448 ack 23
        3400.0  server PSH ACK 17833+1448 ack 23
        3400.0  server ACK 19281+1448 ack 23
        3400.0  server PSH ACK 20729+1448 ack 23 [window_full]
        3400.0  page   ACK 23 ack 17833
        3400.0  page   ACK 23 ack 20729
        3420.0  server ACK 22177+1448 ack 23
        3420.0  server PSH ACK 23625+1448 ack 23
        3420.0  server ACK 25073+1448 ack 23
        3420.0  server PSH ACK 26521+1448 ack 23
        3420.0  page   ACK 23 ack 23625
        3420.0  page   ACK 23 ack 26521
        3440.0  server ACK 27969+1448 ack 23
        3440.0  server PSH ACK 29417+584 ack 23
        3440.0  page   ACK 23 ack 29417
        3440.0  page   FIN ACK 23 ack 30001
        3460.0  server FIN ACK 30001 ack 24
        3460.0  page   ACK 24 ack 30002
    "#]]
    .assert_eq(&play("zero-window", &[("lose", "yes")]).story());
}

#[test]
fn one_side_is_closed_and_the_other_speaks_on() {
    expect![[r#"
        0.0     page   SYN 0
        20.0    server SYN ACK 0 ack 1
        20.0    page   ACK 1 ack 1
        20.0    page   PSH ACK 1+22 ack 1
        20.0    page   FIN ACK 23 ack 1
        40.0    server ACK 1 ack 23
        80.0    server ACK 1 ack 24
        240.0   server ACK 1+1448 ack 24
        240.0   server PSH ACK 1449+1448 ack 24
        240.0   server PSH ACK 2897+104 ack 24
        240.0   server FIN ACK 3001 ack 24
        240.0   page   ACK 24 ack 1449
        240.0   page   ACK 24 ack 2897
        240.0   page   ACK 24 ack 3001
        240.0   page   ACK 24 ack 3002
    "#]]
    .assert_eq(&play("half-close", &[]).story());
}
