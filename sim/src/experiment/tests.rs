use super::catalogue::FILES;
use super::*;
use std::collections::BTreeSet;

#[test]
fn every_experiment_is_whole_and_has_a_name_of_its_own() {
    let catalogue = catalogue();
    let ids: BTreeSet<_> = catalogue.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids.len(), FILES.len());
    for one in &catalogue {
        assert!(!one.notice.is_empty(), "{} has nothing to notice", one.id);
    }
}

/// The first experiment's file with `from` in place of `to`.
fn spoilt(from: &str, to: &str) -> String {
    let text = FILES[0].1.replacen(from, to, 1);
    assert_ne!(text, FILES[0].1, "{from} is not in the file");
    let error = Experiment::parse(&text).expect_err(to);
    error.to_string()
}

#[test]
fn what_is_wrong_with_a_file_is_told() {
    assert!(spoilt("ja = \"失わせる\"", "").contains("ja"));
    assert!(spoilt("ja = \"失わせる\"", "ja = \" \"").contains("empty"));
    assert!(spoilt("id = \"handshake\"", "id = \"Hand shake\"").contains("hyphens"));
    assert!(spoilt("\nright = true", "").contains("no answer is right"));
    assert!(spoilt("until = \"4 s\"", "untill = \"4 s\"").contains("until"));
    assert!(spoilt("start = \"nothing\"", "start = \"none\"").contains("one of nothing"));
    assert!(spoilt("out.lose", "out.looses").contains("looses"));
    assert!(spoilt("\"way.out.delay\"", "\"until.out.delay\"").contains("nowhere"));
}

#[test]
fn a_knob_changes_the_scene_where_it_says_and_nowhere_else() {
    let experiment = Experiment::parse(FILES[0].1).expect("it is in the catalogue");
    let set = |setting| experiment.scene(&Settings::from([("delay".to_owned(), setting)]));
    let start = experiment.scene(&Settings::new()).expect("it starts");
    let mut slow = set(Setting::Number(200)).expect("it goes up to 200");
    assert_eq!(slow.way.out.delay.as_millis(), 200);
    slow.way = start.way.clone();
    assert_eq!(slow, start);
    for wrong in [Setting::Number(201), Setting::Choice("ack".into())] {
        let error = set(wrong).expect_err("it has no such setting").to_string();
        assert!(error.contains("from 0 to 200"), "{error}");
    }
    let error = experiment.scene(&Settings::from([("speed".into(), Setting::Number(1))]));
    assert_eq!(error, Err(ExperimentError::NoKnob("speed".into())));
}
