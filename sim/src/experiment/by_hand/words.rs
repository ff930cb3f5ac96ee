//! How a remark is made.

use super::{Remark, RemarkKind};
use crate::experiment::Text;

fn remark(kind: RemarkKind, section: &str, en: String, ja: String) -> Remark {
    Remark {
        kind,
        text: Text { en, ja },
        section: section.to_owned(),
    }
}

/// A rule was broken.
pub(super) fn mistake(section: &str, en: String, ja: String) -> Remark {
    remark(RemarkKind::Mistake, section, en, ja)
}

/// It is allowed, and has its consequences.
pub(super) fn note(section: &str, en: String, ja: String) -> Remark {
    remark(RemarkKind::Note, section, en, ja)
}

/// Nothing to object to.
pub(super) fn right() -> Remark {
    let en = "Just as a right stack would send it.".to_owned();
    let ja = "正しいスタックが送るとおりです。".to_owned();
    remark(RemarkKind::Right, "", en, ja)
}

/// What the server made of it.
pub(super) fn outcome(en: String, ja: String) -> Remark {
    remark(RemarkKind::Outcome, "", en, ja)
}
