use super::{read, written};
use crate::capture::Capture;
use crate::testing::made::captures;
use proptest::prelude::*;

fn read_again(file: &[u8]) -> Capture {
    let opened = read(file).expect("it is a pcapng file");
    assert_eq!(opened.stopped, None);
    assert_eq!(opened.warnings, []);
    opened.capture
}

proptest! {
    #[test]
    fn a_written_document_is_read_as_the_same(capture in captures()) {
        let file = written(&capture);
        let again = read_again(&file);
        prop_assert_eq!(&again, &capture);
        prop_assert_eq!(written(&again), file);
    }
}
