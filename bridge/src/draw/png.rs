//! An SVG as PNG, twice as fine as its pixels, with this machine's fonts.

use crate::error::{Exit, Failure};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{FontResolver, Options, Tree};
use std::sync::Mutex;

/// Pixels of the PNG for one of the SVG.
const FINENESS: f32 = 2.0;
/// No picture is larger, in pixels: 400 MB while it is made.
const MAX_PIXELS: u64 = 100_000_000;

/// Kana and kanji: a picture without them would say nothing, and nobody would be told.
const JAPANESE: std::ops::RangeInclusive<char> = '\u{3040}'..='\u{9fff}';

pub(crate) fn png(svg: &str) -> Result<Vec<u8>, Failure> {
    let missing = Mutex::new(None);
    let find = FontResolver::default_fallback_selector();
    let mut options = Options::default();
    let fonts = options.fontdb_mut();
    fonts.load_system_fonts();
    if fonts.is_empty() {
        return Err(Failure::new(
            Exit::Unsupported,
            "a PNG needs fonts, and this machine has none",
            "install some (sudo apt-get install fonts-dejavu-core), or draw an .svg",
        ));
    }
    options.font_resolver.select_fallback = Box::new(|character, tried, fonts| {
        let found = find(character, tried, fonts);
        if found.is_none()
            && JAPANESE.contains(&character)
            && let Ok(mut missing) = missing.lock()
        {
            missing.get_or_insert(character);
        }
        found
    });
    let impossible = |why: &str| {
        Failure::new(
            Exit::Other,
            format!("the picture cannot be made: {why}"),
            "draw an .svg instead, and tell us",
        )
    };
    let tree = Tree::from_str(svg, &options).map_err(|error| impossible(&error.to_string()))?;
    if let Some(character) = missing.lock().ok().and_then(|missing| *missing) {
        return Err(Failure::new(
            Exit::Unsupported,
            format!("no font of this machine has the character {character}"),
            "install one (for Japanese: sudo apt-get install fonts-noto-cjk), or draw an .svg",
        ));
    }
    let size = tree.size();
    let (width, height) = (size.width() * FINENESS, size.height() * FINENESS);
    if f64::from(width) * f64::from(height) > MAX_PIXELS as f64 {
        return Err(Failure::new(
            Exit::Unsupported,
            format!("a PNG of {width:.0} x {height:.0} pixels is too large to be of use"),
            "draw a part (--rows 1-200), one conversation (--stream N), or an .svg",
        ));
    }
    let mut pixmap = Pixmap::new(width.ceil() as u32, height.ceil() as u32)
        .ok_or_else(|| impossible("it has no size"))?;
    let fine = Transform::from_scale(FINENESS, FINENESS);
    resvg::render(&tree, fine, &mut pixmap.as_mut());
    pixmap
        .encode_png()
        .map_err(|error| impossible(&error.to_string()))
}
