//! What is told to a reader who is the stack.

use super::Text;

/// Its headline.
pub fn title() -> Text {
    Text::new("You are the stack", "あなたがスタックです")
}

/// What there is to know before the first segment; paragraphs are parted by empty lines.
pub fn story() -> Text {
    Text::new(
        "Until now a program has answered the server. Now it is you: choose the flags, the numbers and the sizes, and put the segment on the wire. At the other end is a real stack, which listens on port 80.\n\n\
         Fetch its page by hand: open the connection, ask with 78 bytes or as many as you like, acknowledge what comes, close. Numbers count from each end's first one: your SYN is 0.\n\n\
         Time stands still while you think. The server's timers run only when you wait.",
        "これまではプログラムがサーバーに答えていました。今度はあなたの番です。フラグと番号と長さを選び、セグメントを送り出してください。相手は本物のスタックで、ポート 80 で待っています。\n\n\
         ページを手で取ってきましょう。接続を開き、78 バイト（何バイトでもかまいません）で頼み、届いたものに ACK を返し、閉じます。番号はそれぞれの最初の番号から数えます。あなたの SYN が 0 です。\n\n\
         考えているあいだ、時間は止まっています。サーバーのタイマーが進むのは、待つことを選んだときだけです。",
    )
}

/// What to try.
pub fn notice() -> Vec<Text> {
    vec![
        Text::new(
            "Forget that the SYN takes a number, or the FIN: the server drops what follows, and its ACK with it. That is how the stack of 2013 lost its page.",
            "SYN や FIN が番号を使うことを忘れてみましょう。続くセグメントは、その ACK ごと捨てられます。2013 年のスタックは、こうしてページを失いました。",
        ),
        Text::new(
            "Acknowledge nothing, and wait: the server sends again, after twice as long each time.",
            "何も確認せずに待ってみましょう。サーバーは、間隔を倍にしながら送り直します。",
        ),
        Text::new(
            "Send data with a hole before it, or beyond the window, or without the ACK flag.",
            "手前に穴のあるデータ、ウィンドウの外のデータ、ACK フラグのないデータも送ってみましょう。",
        ),
    ]
}
