//! Every string that the page shows, in one place: a second language is a second [`Words`].
//!
//! `{…}` are filled in by [`fill`]. What the stack, the bridge and the diagram
//! say of themselves (errors, whys) comes from them and is shown as it is.

use std::fmt::Display;

/// Puts values into a text: `fill("{n} packets", &[("n", &3)])`.
pub fn fill(text: &str, values: &[(&str, &dyn Display)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), &value.to_string())
    })
}

/// A string of whatever language is spoken.
pub type Word = fn(&Words) -> &'static str;

/// Declares the strings and their English in one table.
macro_rules! words {
    ($($(#[doc = $doc:literal])* $name:ident: $english:literal,)*) => {
        /// One language.
        #[derive(Debug)]
        pub struct Words {
            $(#[doc = $english] pub $name: &'static str,)*
        }

        impl PartialEq for Words {
            /// There is one of each language.
            fn eq(&self, other: &Self) -> bool {
                std::ptr::eq(self, other)
            }
        }

        /// English.
        pub static ENGLISH: Words = Words { $($name: $english,)* };

        #[cfg(test)]
        fn all() -> Vec<(&'static str, &'static str)> {
            vec![$((stringify!($name), ENGLISH.$name),)*]
        }
    };
}

words! {
    title: "Synema",
    place_wire: "Wire",
    place_file: "Open a capture",
    places: "What is shown",
    theme_dark: "Dark",
    theme_light: "Light",
    theme_hint: "Change between light and dark",
    samples: "Captures that come with this page:",
    sample_losses: "A fetch that loses packets",
    sample_reset: "A connection that is cut off",
    drop_here: "Let go: the capture is opened here, and nothing of it leaves this page",
    sample_failed: "The page's own server does not give it ({why})",

    filter_label: "Filter: which packets are shown",
    filter_placeholder: "filter: tcp.port == 80, …",
    filter_help: "Wireshark's words, joined with && || and !. For example:",
    filter_clear: "Clear the filter",
    filter_enter: "Press Enter to apply it.",
    filter_counted: "{n} of {all} packets are shown",
    filter_nothing: "No packet is meant by the filter.",
    example_again: "what was sent again",
    example_ends: "how connections begin and end",
    example_data: "segments with data",
    example_port: "one port",
    example_analysis: "all that Wireshark's analysis marks",
    example_side: "what is not the conversation itself",
    alone: "Conversation {n} alone",
    alone_back: "Show all conversations",
    alone_hint: "Show this conversation alone",

    annotate: "Annotate",
    annotate_hint: "Notes, brackets, title: all that is written on this capture (a)",
    notes_title: "Notes",
    notes_how: "Select a packet and press n for a note, h to highlight it, b at two packets for a bracket between them. A click on a host's name names its lane; the pen beside a field writes on the field.",
    notes_name: "Title",
    notes_summary: "What it is about",
    notes_unsaved: "Not saved yet: “Download pcapng” keeps the notes in the file, and Wireshark shows them.",
    undo: "Undo",
    redo: "Redo",
    note_text: "Note",
    note_save: "Save",
    note_remove: "Remove",
    note_edit: "Edit",
    note_on_packet: "Packet {n}",
    note_on_field: "{field} of packet {n}",
    note_on_time: "From packet {from} to packet {to}",
    note_on_lane: "Lane {lane}",
    note_between: "Between packets {from} and {to}",
    note_elsewhere: "A packet that is not in this capture",
    bracket_reword: "A bracket",
    bracket_silent: "(a bracket without words)",
    bracket_from: "A bracket from packet {n}: select the packet at its other end, then press b again.",
    as_bracket: "a bracket beside the ladder",
    as_time: "a note on this stretch of time",
    lane_name: "Name of the lane",
    lane_name_none: "as the capture has it",
    lane_named: "{lane} is called {name}",
    hidden: "{n} hidden",
    hidden_show: "Show them again",
    highlighted: "{n} highlighted",
    is_hidden: "Hidden: this packet is not drawn.",
    is_left_out: "Not drawn: the filter, or the choice of a conversation, leaves it out.",
    show_all: "Show all packets",
    notes_count_one: "{n} note",
    notes_count: "{n} notes",
    pen_note: "Note",
    pen_highlight: "Highlight",
    pen_bracket: "Bracket from here",
    pen_bracket_to: "Bracket to here",
    pen_hide: "Hide",
    pen_field: "A note on {field}",
    unsaved_title: "Notes are not saved",
    unsaved_text: "What is written on this capture would be lost.",
    unsaved_save: "Download them, then go on",
    unsaved_discard: "Throw them away",
    graph: "graph",
    graph_open: "Graph",
    graph_hint: "A graph of the selected packet's conversation over time (g)",
    graph_turn: "other direction",
    graph_working: "Drawing …",
    share: "Share",
    share_hint: "As a picture, a page, a link, text, or a capture with the notes in it (s)",
    share_what: "What",
    share_all: "all {n} packets",
    share_shown: "the {n} packets that are shown",
    share_sight: "what is in sight",
    share_as: "As",
    form_svg: "Picture (SVG)",
    form_svg_for: "sharp at any size; opens here again",
    form_png: "Picture (PNG)",
    form_png_for: "goes into anything; opens here again",
    form_html: "Page (HTML)",
    form_html_for: "one file, with every packet's reason and fields",
    form_link: "Link",
    form_link_for: "the packets' headers and the notes are in the link itself",
    form_text: "Text",
    form_text_for: "for a terminal, a ticket, a mailing list",
    form_markdown: "Markdown",
    form_markdown_for: "text with headings and notes",
    form_mermaid: "Mermaid",
    form_mermaid_for: "a diagram in a README or a wiki",
    form_pcapng: "Capture (pcapng)",
    form_pcapng_for: "Wireshark shows the notes as comments",
    share_payload: "with what the packets carry",
    share_payload_out: "Headers alone: addresses, ports, numbers, flags. What the packets carry stays here.",
    share_payload_in: "Pages, names, cookies, passwords: whatever went over the wire goes along, to be read by whoever gets this.",
    share_making: "Being made …",
    share_text: "What is shared",
    share_copy: "Copy",
    share_copied: "Copied",
    share_not_copied: "The browser does not let it: select the text and press Ctrl+C.",
    share_download: "Download",
    share_viewer: "Where others find this page",
    share_local: "This address is your own machine's: put in one that others can reach.",
    close: "Close",
    link_short: "{n} characters: short enough for any program.",
    link_long: "{n} characters: some mail and chat programs cut links as long as this. Try it before you rely on it.",
    link_too_long: "{n} characters are too long for a link: share a page or a picture, or fewer packets.",
    link_failed: "The link cannot be opened: {why}",
    link_failed_next: "Copy the whole of it once more, or ask whoever sent it for the file.",
    from_link: "a link",
    live_title: "A live capture",
    keys_title: "Keys",
    keys_all: "all keys",
    key_next: "the next packet",
    key_previous: "the packet before",
    key_escape: "no packet; leaves a field or a dialog",
    key_filter: "filter",
    key_note: "a note on the selected packet",
    key_highlight: "highlight it, or no longer",
    key_hide: "hide it, or show it again",
    key_bracket: "a bracket: at one end, then at the other",
    key_annotate: "all that is written",
    key_graph: "a graph of the conversation",
    key_share: "share",
    key_undo: "take the last change back",
    key_redo: "make it again",
    key_keys: "these keys",

    about_wire: "{interface} · live",
    about_claimed: "{interface} · {addr} claimed",
    about_file: "{name}",
    skip: "Skip to the ladder",

    lamp_absent: "no bridge",
    lamp_connecting: "connecting to the bridge",
    lamp_open: "bridge connected",
    lamp_claimed: "{addr} is ours",
    lamp_lost: "bridge lost, trying again",
    lamp_refused: "bridge refused",

    lead: "Fetch a page with a TCP stack of your own",
    lead_text: "The stack runs in this page, speaks to a real wire through the bridge, and draws every packet with the reason why it was sent.",

    step_bridge: "Bridge",
    bridge_connecting: "Connecting to the bridge that served this page …",
    bridge_interface: "interface",
    bridge_mac: "our MAC",
    bridge_host_mac: "MAC (the host's own)",
    bridge_subnet: "subnet",
    bridge_gateway: "gateway",
    bridge_dns: "name server",
    bridge_short: "{interface}, {subnet}",
    none: "none",
    bridge_lost: "The connection to the bridge is gone.",
    bridge_absent_title: "There is no bridge behind this page",
    bridge_absent_text: "A browser cannot put packets on a wire by itself. The bridge does it: on your own machine, in a network of its own, without privileges:",
    bridge_absent_lab: "synema lab",
    bridge_absent_serve: "or on a real network:",
    bridge_absent_serve_command: "synema serve --interface eth0",
    bridge_absent_then: "Open the link that it prints. If you did, and came here without its last part (#token=…), open it again. Captures can be looked at without a bridge: drop one here, or press “Open a capture”.",
    bridge_try: "Try again",
    bridge_take_over: "Use the bridge here",

    step_address: "Address",
    address_text: "An address of the wire that nobody uses: the host's kernel must not answer for it.",
    address_label: "IPv4 address to claim",
    claim: "Claim",
    address_not: "“{text}” is not an IPv4 address",
    address_not_next: "Four numbers from 0 to 255 with dots between them, for example {example}.",
    address_none: "No free address was found",
    address_none_next: "Type one that nobody uses on this subnet.",
    probe: "who has {addr}?",
    probe_nth: "probe {number}/{of}",
    announce: "{addr} is mine",
    announce_nth: "announced {number}/{of}",
    defended: "defended against {mac}",
    claim_waiting: "Waiting whether somebody answers …",
    claimed_rfc: "Nobody answered: {addr} is ours, by RFC 5227's timings.",
    claimed_quick: "Nobody answered: {addr} is ours. The lab's quick claim: RFC 5227's own timings take about six seconds.",
    claim_in_use: "{addr} is in use by {mac}",
    claim_lost: "{addr} was taken by {mac}",
    claim_lost_next: "Somebody else uses the address now, so we fell silent, as RFC 5227 §2.4 asks. Claim another address.",
    claim_refused_bridge: "The bridge does not let {addr} be claimed: {why}",
    gate_stuck: "The bridge did not hear all probes for {addr}",
    gate_stuck_next: "It lets nobody speak from an address that it has not seen probed. Reload the page and claim again.",
    claim_choose_next: "Choose another address.",

    step_fetch: "Page",
    fetch_text: "A URL, http:// only: TLS is not there yet.",
    url_label: "URL to fetch",
    fetch: "Fetch",
    fetch_again: "Fetch",
    cancel: "Cancel",
    examples: "The lab's pages",
    fetch_claims_first: "Claims the address first, then fetches.",

    now_claiming: "Claiming the address first …",
    now_resolving: "Asking for the address of {name} …",
    now_resolved: "{name} is {addrs}",
    now_connecting: "Connecting to {remote} …",
    now_connected: "Connected to {remote}; waiting for the response …",
    now_redirected: "{status}: going on to {to}",
    now_body: "{received} received",
    now_body_of: "{received} of {total}",

    response: "Response",
    response_failed: "No whole response",
    body_size: "{size} body",
    body_bytes: "{bytes} bytes",
    body_none: "The response has no body.",
    body_binary: "Not text: save it to look at it.",
    body_cut: "The first {shown} of {size} are shown.",
    body_label: "The response's body",
    sha256: "SHA-256",
    save_body: "Save the body",
    hashing: "Adding up its SHA-256 …",

    error_next: "What to do: {next}",
    cause_unknown: "The connection closed without a word.",

    banner_lost: "The bridge is gone.",
    banner_lost_text: "The capture so far is kept. Trying again every {seconds} s; open TCP connections go on when it is back.",
    banner_lost_long: "If it was started anew it has a new key: open the link that it printed.",
    banner_resumed_not: "The bridge came back without our session",
    banner_resumed_not_next: "It was restarted: claim the address again, then fetch again.",
    bridge_bye: "The bridge was ended",
    bridge_bye_next: "Start it again and open the link that it prints.",
    bridge_malformed: "The bridge sent something that cannot be read: {why}",
    bridge_malformed_next: "Reload the page. If it happens again, page and bridge are of different builds: stop the bridge and start it anew.",
    bridge_version: "Page and bridge are of different versions: {why}",
    bridge_version_next: "Reload the page without the cache (Ctrl+Shift+R), or start the bridge that belongs to this page.",
    bridge_unreachable: "The bridge does not answer",
    bridge_unreachable_next: "See whether it still runs. If not, start it again and open the link that it prints: each start has a new key.",
    bridge_key: "The bridge answers, but does not let this page in: it does not know the page's key",
    bridge_key_next: "Each start of the bridge has a new key. Open the link that it printed last, with all that follows the #.",
    bridge_silent: "The bridge took the connection but says nothing",
    bridge_silent_next: "Stop it and start it again.",

    worker_failed: "A part of this page stopped: {why}",
    worker_failed_next: "Reload the page; the capture can be downloaded first if the ladder still answers.",
    page_failed_title: "Something in this page broke.",

    ladder: "Sequence diagram",
    ladder_hint: "Each arrow is a packet; time runs down. Up and down keys go from packet to packet.",
    heads: "The hosts",
    axis: "time",
    axis_gaps: "linear, silences cut",
    axis_linear: "linear",
    axis_rows: "one row a packet",
    fold: "fold runs",
    fold_hint: "Draw runs of alike packets as one thick arrow each way; two clicks on one unfold it",
    labels: "labels",
    labels_words: "words",
    labels_numbers: "numbers",
    follow: "↓ Follow the newest",
    overview: "Overview of the whole capture: click to go there",
    empty_title: "Nothing has been sent yet",
    empty_title_absent: "There is nothing to show yet",
    empty_lab: "Press Fetch. The page claims an address, asks for the server's name, connects, and each packet appears here as it goes over the wire.",
    empty_open: "Claim an address and press Fetch: each packet appears here as it goes over the wire.",
    empty_connecting: "The ladder begins when the bridge is connected.",
    empty_absent: "Drop a capture here (pcap or pcapng), or press “Open a capture”, to see it as a ladder; or start a bridge.",
    empty_file: "There is no packet in this capture.",
    working: "Reading {name} …",
    left_out: "{n} more packets lie too close to be told apart: choose “one row a packet”.",

    strip: "Who spoke, one letter a packet",
    strip_page: "page",
    strip_peer: "peer",

    packets_one: "{n} packet",
    packets: "{n} packets",
    dropped: "{n} dropped",
    dropped_none: "none dropped",
    refused: "{n} refused by the bridge",
    payload_gone: "payloads before packet {n} were let go to save memory",
    download: "Download pcapng",
    download_hint: "The capture so far, for Wireshark",

    packet: "Packet {n}",
    packet_none_title: "No packet is selected",
    legend: "What the arrows and letters are",
    legend_syn: "SYN and FIN: a connection begins, ends",
    legend_data: "data",
    legend_ack: "ACK without data",
    legend_again: "sent again",
    legend_rst: "RST: a connection is cut off",
    legend_side: "ARP and DNS: finding the way",
    legend_ghost: "concluded, not seen here",
    legend_estimated: "lighter: one end's time is estimated",
    legend_lost: "lost, or not sent",
    legend_state: "bar: the TCP state; in italics where it is concluded",
    packet_none: "Click an arrow, or press the down key, and see here what the packet is, why it was sent, and every byte of it.",
    tie: "{relation}: packet {n} {arrow}",
    previous: "previous",
    next: "next",
    unselect: "close",
    why_unknown: "Seen on the wire; what made its sender send it is not known.",
    layers: "Layers",
    bytes: "Bytes",
    bytes_gone: "Its payload was let go to save memory; the headers are kept.",
    bytes_cut: "{kept} of {all} bytes were captured.",
    size_bytes: "{n} B",

    tab_wire: "Fetch",
    tab_packet: "Packet",

    open_failed: "{name} cannot be read: {why}",
    open_failed_next: "Give a pcap or pcapng file, as Wireshark, tcpdump or this page write them; or a picture or page that was shared from here.",
    before_restart: "the wire, before the bridge was restarted",
    open_partly_title: "Not all of it could be read",
    open_partly: "What is shown ends with packet {n}: {why}",
    open_passed_over: "Passed over, because it breaks the format's rules: {n}. The first, {first}",
    file_panel: "A capture",
    file_private: "Nothing leaves this page: the file is read here.",
    tab_capture: "Capture",
    contents_working: "Looking for what is worth looking at …",
    contents_lasted: "in {time}",
    moments: "Worth looking at",
    moments_none: "Nothing that cost time: no stall, no reset, no closed window.",
    moments_more: "and {n} more that cost less",
    conversations: "Conversations",
    conversations_none: "There is no TCP in it.",
    conversations_more: "and {n} more with less data",
    conversation_again: "{n} sent again",
    doubts: "What this capture got wrong",
    at_packet: "packet {n}",
    first_at_packet: "first at packet {n}",
    back_to_wire: "Back to the wire",
    save_failed: "The browser did not let the file be made: {why}",
}

/// A number of bytes for people: `1,048,576 bytes` is exact, this is short.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut unit = 0;
    let mut scaled = bytes / 100;
    while scaled >= 10_000 && unit + 1 < UNITS.len() {
        scaled /= 1000;
        unit += 1;
    }
    if scaled >= 1000 {
        format!("{} {}", scaled / 10, UNITS[unit])
    } else {
        format!("{}.{} {}", scaled / 10, scaled % 10, UNITS[unit])
    }
}

/// A whole number with its digits in groups of three.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_string_is_empty_or_has_a_loose_brace() {
        for (name, text) in all() {
            assert!(!text.trim().is_empty(), "{name}");
            assert_eq!(
                text.matches('{').count(),
                text.matches('}').count(),
                "{name}"
            );
        }
    }

    #[test]
    fn values_are_put_in() {
        assert_eq!(fill("{n} of {of}", &[("n", &1), ("of", &3)]), "1 of 3");
    }

    #[test]
    fn sizes_and_numbers_read_well() {
        assert_eq!(size(999), "999 B");
        assert_eq!(size(1_048_576), "1.0 MB");
        assert_eq!(size(52_300), "52.3 kB");
        assert_eq!(size(104_857_600), "104 MB");
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_048_576), "1,048,576");
        assert_eq!(grouped(123_456), "123,456");
    }
}
