//! What waits to be posted: to the page and to the document's worker.

use crate::protocol::{FromStack, Live};
use synema_core::app::session::FetchId;
use synema_core::trace::Record;

/// Two batches under way.
#[derive(Debug, Default)]
pub struct Outbox {
    page: Vec<FromStack>,
    document: Vec<Live>,
}

impl Outbox {
    /// For the page. Of progress only the newest is kept.
    pub fn page(&mut self, message: FromStack) {
        if let (FromStack::Progress { fetch, .. }, Some(FromStack::Progress { fetch: before, .. })) =
            (&message, self.page.last())
            && fetch == before
        {
            self.page.pop();
        }
        self.page.push(message);
    }

    /// For the document's worker.
    pub fn document(&mut self, message: Live) {
        self.document.push(message);
    }

    /// What the stack did, for the document's worker: runs of records are one message.
    pub fn trace(&mut self, records: Vec<Record>) {
        if records.is_empty() {
            return;
        }
        if let Some(Live::Trace(before)) = self.document.last_mut() {
            before.extend(records);
        } else {
            self.document.push(Live::Trace(records));
        }
    }

    /// Bytes of a body, for the document's worker: pieces that follow each other are one.
    pub fn body(&mut self, fetch: FetchId, piece: Vec<u8>) {
        if let Some(Live::Body {
            fetch: before,
            bytes,
        }) = self.document.last_mut()
            && *before == fetch
        {
            bytes.extend(piece);
        } else {
            self.document.push(Live::Body {
                fetch,
                bytes: piece,
            });
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.page.is_empty() && self.document.is_empty()
    }

    /// What waits for the page.
    pub fn take_page(&mut self) -> Vec<FromStack> {
        std::mem::take(&mut self.page)
    }

    /// What waits for the document's worker.
    pub fn take_document(&mut self) -> Vec<Live> {
        std::mem::take(&mut self.document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_progress_is_told() {
        let mut outbox = Outbox::default();
        for received in [1, 2, 3] {
            outbox.page(FromStack::Progress { fetch: 7, received });
        }
        outbox.page(FromStack::Progress {
            fetch: 8,
            received: 4,
        });
        assert_eq!(
            outbox.take_page(),
            [
                FromStack::Progress {
                    fetch: 7,
                    received: 3
                },
                FromStack::Progress {
                    fetch: 8,
                    received: 4
                },
            ]
        );
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_body_s_pieces_are_joined_in_order() {
        let mut outbox = Outbox::default();
        outbox.body(1, vec![1, 2]);
        outbox.body(1, vec![3]);
        outbox.body(2, vec![4]);
        assert_eq!(
            outbox.take_document(),
            [
                Live::Body {
                    fetch: 1,
                    bytes: vec![1, 2, 3]
                },
                Live::Body {
                    fetch: 2,
                    bytes: vec![4]
                },
            ]
        );
    }
}
