//! ICMP's errors in words.

use super::Language;
use synema_core::wire::icmpv4::Unreachable;

/// What could not be reached, in a few words.
pub(crate) fn unreachable(language: Language, reason: Unreachable) -> String {
    if language == Language::English {
        return reason.to_string();
    }
    match reason {
        Unreachable::Network => "ネットワーク到達不能".into(),
        Unreachable::Host => "ホスト到達不能".into(),
        Unreachable::Protocol => "プロトコル到達不能".into(),
        Unreachable::Port => "ポート到達不能".into(),
        Unreachable::FragmentationNeeded { next_hop_mtu: 0 } => "フラグメント化が必要".into(),
        Unreachable::FragmentationNeeded { next_hop_mtu } => {
            format!("フラグメント化が必要、次ホップは {next_hop_mtu} バイトまで")
        }
        Unreachable::SourceRouteFailed => "ソースルート失敗".into(),
        Unreachable::Prohibited(code) => format!("管理上の理由で禁止 (コード {code})"),
        Unreachable::Other(code) => format!("宛先到達不能、コード {code}"),
    }
}
