//! The ladder: its heads, the scrolled element, and the drawing inside it.
//!
//! The drawing is a window of the ladder, somewhat taller than what is seen, placed inside an
//! element as tall as the whole (or as tall as browsers allow). Scrolling within the window
//! is the browser's own; nothing is drawn for it.

use super::experiment::Cursor;
use super::scene::{Heads, SceneView, shared_faces};
use super::watch::Watch;
use super::{Faces, Language, Shared};
use crate::page::scroll::Scroll;
use crate::page::state::Action;
use std::cell::Cell;
use std::rc::Rc;
use synema_diagram::scene::Scene;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

/// The ladder of what is shown; another may stand beside it.
const MAIN: &str = "ladder";

/// What the ladder is given.
#[derive(Clone, PartialEq, Properties)]
pub struct LadderProps {
    /// The window that is drawn.
    pub scene: Option<Shared<Scene>>,
    /// Where the reader is.
    pub scroll: Scroll,
    /// The selected packet's number.
    pub selected: Option<u64>,
    /// Its name among the elements.
    #[prop_or(MAIN)]
    pub id: &'static str,
    /// The height below which nothing is seen yet, and its time; none if all is seen.
    #[prop_or_default]
    pub cursor: Option<(f64, AttrValue)>,
    /// The language.
    pub words: Language,
    /// What stands there while there is no packet.
    pub empty: Html,
    /// The overview beside it.
    pub overview: Html,
    /// What is done.
    pub act: Callback<Action>,
}

/// The ladder.
pub struct Ladder {
    element: NodeRef,
    spacer: NodeRef,
    faces: Shared<Faces>,
    /// The `scrollTop` that we set last; not a number once the reader has scrolled.
    placed: Rc<Cell<f64>>,
    watch: Option<Watch>,
}

impl Component for Ladder {
    type Message = ();
    type Properties = LadderProps;

    fn create(_ctx: &Context<Self>) -> Self {
        Self {
            element: NodeRef::default(),
            spacer: NodeRef::default(),
            faces: shared_faces(),
            placed: Rc::new(Cell::new(f64::NAN)),
            watch: None,
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let words = props.words;
        let onscroll = self.onscroll(props);
        let scene = props
            .scene
            .as_ref()
            .filter(|scene| !scene.0.lanes.is_empty());
        html! {
            <>
                { for scene.map(|scene| html! {
                    <Heads scene={scene.clone()} selected={None::<u64>} {words}
                        faces={self.faces.clone()} act={props.act.clone()} />
                }) }
                <div class="stage">
                    <div class="scroll" ref={self.element.clone()} data-test="ladder-scroll" {onscroll}
                        tabindex="0" role="region" aria-label={words.ladder}
                        aria-describedby="ladder-hint" id={props.id}>
                        <div class="spacer" ref={self.spacer.clone()}>
                            { for scene.map(|scene| html! {
                                <SceneView scene={scene.clone()} selected={props.selected} {words}
                                    cut={props.cursor.is_some().then_some(props.id)}
                                    faces={self.faces.clone()} act={props.act.clone()} />
                            }) }
                            { for scene.zip(props.cursor.as_ref()).map(|(scene, (y, time))| html! {
                                <Cursor scene={scene.clone()} y={*y} time={time.clone()} />
                            }) }
                        </div>
                    </div>
                    if props.id == MAIN {
                        <span id="ladder-hint" class="hidden-text">{ words.ladder_hint }</span>
                    }
                    { props.overview.clone() }
                    { props.empty.clone() }
                </div>
            </>
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if first {
            ctx.props()
                .act
                .emit(Action::Measured(self.faces.0.metrics()));
            self.watch(ctx);
        }
        self.place(ctx.props());
    }
}

impl Ladder {
    /// Only the reader's scrolling is told: our own comes back as an event too, and late, when the
    /// ladder may have grown on.
    fn onscroll(&self, props: &LadderProps) -> Callback<Event> {
        let (element, placed) = (self.element.clone(), self.placed.clone());
        let act = props.act.clone();
        Callback::from(move |_: Event| {
            let Some(element) = element.cast::<HtmlElement>() else {
                return;
            };
            let top = f64::from(element.scroll_top());
            let is_ours = (top - placed.get()).abs() < 1.0;
            if !is_ours {
                placed.set(f64::NAN);
                act.emit(Action::Scrolled(top));
            }
        })
    }

    /// Sizes and places are set through the style object: the page's policy allows no style attributes.
    fn place(&self, props: &LadderProps) {
        let (Some(element), Some(spacer)) = (
            self.element.cast::<HtmlElement>(),
            self.spacer.cast::<HtmlElement>(),
        ) else {
            return;
        };
        set(&spacer, "height", props.scroll.element_height());
        if let Some(scene) = &props.scene {
            let top = props.scroll.place(scene.0.window.0);
            let drawings = spacer.children();
            for at in 0..drawings.length() {
                let svg = drawings.item(at).map(JsCast::dyn_into);
                if let Some(Ok(svg)) = svg {
                    let style = web_sys::SvgElement::style(&svg);
                    let _ = style.set_property("top", &format!("{top}px"));
                }
            }
        }
        cut(&spacer, props);
        let wanted = props.scroll.element_top();
        if (f64::from(element.scroll_top()) - wanted).abs() >= 1.0 {
            element.set_scroll_top(wanted.round() as i32);
            self.placed.set(f64::from(element.scroll_top()));
        }
    }

    fn watch(&mut self, ctx: &Context<Self>) {
        let Some(element) = self.element.cast::<HtmlElement>() else {
            return;
        };
        let act = ctx.props().act.clone();
        self.watch = Watch::new(&element, move |width, height| {
            act.emit(Action::Resized { width, height });
        });
    }
}

/// Hides what comes after the cursor: without drawing the scene anew, as often as it moves.
fn cut(spacer: &HtmlElement, props: &LadderProps) {
    let (Some((y, _)), Some(scene)) = (&props.cursor, &props.scene) else {
        return;
    };
    if let Ok(Some(rect)) = spacer.query_selector("clipPath rect") {
        let height = (y - scene.0.window.0).max(0.0);
        // Only a malformed name is refused.
        let _ = rect.set_attribute("height", &height.to_string());
    }
}

fn set(element: &HtmlElement, property: &str, pixels: f64) {
    // Only a malformed property is refused, and these are constants.
    let _ = element
        .style()
        .set_property(property, &format!("{pixels}px"));
}

/// A scene as a property.
pub fn shared(scene: &Option<Rc<Scene>>) -> Option<Shared<Scene>> {
    scene.clone().map(Shared)
}
