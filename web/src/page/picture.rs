//! Makes a picture of points of one of lines, by the browser's own drawing.

use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, BlobPropertyBag, CanvasRenderingContext2d, HtmlCanvasElement, HtmlImageElement, Url,
};

/// Points of the picture to a CSS pixel: sharp on paper and on fine screens.
const SCALE: f64 = 2.0;
/// Browsers make no canvas that is higher.
const HIGHEST: f64 = 16_000.0;

/// The picture as a PNG file's bytes.
///
/// # Errors
/// Why the browser cannot, in words.
pub async fn png(svg: &str) -> Result<Vec<u8>, String> {
    let said = |error: JsValue| error.as_string().unwrap_or_else(|| format!("{error:?}"));
    let url = url_of(svg).map_err(said)?;
    let drawn = draw(&url).await;
    // A URL that is not known any more is forgotten already.
    let _ = Url::revoke_object_url(&url);
    drawn.map_err(said)
}

fn url_of(svg: &str) -> Result<String, JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type("image/svg+xml");
    let blob = Blob::new_with_str_sequence_and_options(&js_sys::Array::of1(&svg.into()), &options)?;
    Url::create_object_url_with_blob(&blob)
}

async fn draw(url: &str) -> Result<Vec<u8>, JsValue> {
    let image = HtmlImageElement::new()?;
    image.set_src(url);
    JsFuture::from(image.decode()).await?;
    let (width, height) = (f64::from(image.width()), f64::from(image.height()));
    // Rather less sharp than not at all.
    let scale = SCALE.min(HIGHEST / height.max(1.0));
    if scale < 0.5 {
        return Err("the picture is too high for points: choose fewer packets, or SVG".into());
    }
    let document = web_sys::window()
        .and_then(|window| window.document())
        .ok_or("there is no page to draw in")?;
    let canvas: HtmlCanvasElement = document.create_element("canvas")?.dyn_into()?;
    canvas.set_width((width * scale) as u32);
    canvas.set_height((height * scale) as u32);
    let context = canvas.get_context("2d")?.ok_or("there is no canvas")?;
    let context: CanvasRenderingContext2d = context.dyn_into()?;
    context.draw_image_with_html_image_element_and_dw_and_dh(
        &image,
        0.0,
        0.0,
        width * scale,
        height * scale,
    )?;
    let blob: Blob = JsFuture::from(blob_of(&canvas)).await?.dyn_into()?;
    let buffer = JsFuture::from(blob.array_buffer()).await?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

fn blob_of(canvas: &HtmlCanvasElement) -> js_sys::Promise {
    let canvas = canvas.clone();
    js_sys::Promise::new(&mut move |resolve, reject| {
        let refuse = reject.clone();
        let made = Closure::once_into_js(move |blob: JsValue| {
            // Whoever waits is told one way or the other; a function that was given to us can be called.
            let _ = if blob.is_null() {
                reject.call1(
                    &JsValue::NULL,
                    &"the browser has no room for the picture".into(),
                )
            } else {
                resolve.call1(&JsValue::NULL, &blob)
            };
        });
        if let Err(error) = canvas.to_blob(made.unchecked_ref()) {
            let _ = refuse.call1(&JsValue::NULL, &error);
        }
    })
}
