//! An SVG as PNG, twice as fine as its pixels, with this machine's fonts.

use crate::error::{Exit, Failure};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

/// Pixels of the PNG for one of the SVG.
const FINENESS: f32 = 2.0;
/// No picture is larger, in pixels: 400 MB while it is made.
const MAX_PIXELS: u64 = 100_000_000;

pub(crate) fn png(svg: &str) -> Result<Vec<u8>, Failure> {
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
    let impossible = |why: &str| {
        Failure::new(
            Exit::Other,
            format!("the picture cannot be made: {why}"),
            "draw an .svg instead, and tell us",
        )
    };
    let tree = Tree::from_str(svg, &options).map_err(|error| impossible(&error.to_string()))?;
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
