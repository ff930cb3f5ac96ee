//! Where in the ladder the reader is, although no element can be that tall.
//!
//! ```text
//!   content   0 ....................................... content     the layout's pixels, any number
//!   element   0 ................ CAP                                what the browser scrolls
//! ```
//!
//! Browsers end an element at 17 to 33 million pixels. Below [`CAP`] the two are
//! the same. Above it, small moves (a wheel, a key) move the content by as many
//! pixels as the element, and a jump (the scroll bar's thumb) is taken as a part
//! of the whole. Near both ends a pixel is a pixel, so that the ends are reached
//! together; in between the element is put back when it has drifted too far.

/// The tallest element that is asked of a browser, in CSS pixels.
pub const CAP: f64 = 15_000_000.0;
/// At either end, so many pixels of element and content are the same.
const ZONE: f64 = 1_000_000.0;
/// So far the element may be from where the content's place on it would be, pixels.
const DRIFT: f64 = 500_000.0;

/// A scroll position, in content pixels and in the element's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scroll {
    /// Height of all content, pixels.
    content: f64,
    /// Height of what is seen at once, pixels.
    view: f64,
    /// First content pixel that is seen.
    top: f64,
    /// The element's `scrollTop` that stands for it.
    element_top: f64,
}

impl Default for Scroll {
    fn default() -> Self {
        Self {
            content: 0.0,
            view: 1.0,
            top: 0.0,
            element_top: 0.0,
        }
    }
}

impl Scroll {
    /// The height that the scrolled element gets, pixels.
    pub fn element_height(&self) -> f64 {
        self.content.clamp(self.view, CAP.max(self.view))
    }

    /// First content pixel that is seen.
    pub fn top(&self) -> f64 {
        self.top
    }

    /// Height of what is seen at once, pixels.
    pub fn view(&self) -> f64 {
        self.view
    }

    /// The `scrollTop` that the element should have.
    pub fn element_top(&self) -> f64 {
        self.element_top
    }

    /// Whether the end is in sight (within `slack` pixels).
    pub fn at_end(&self, slack: f64) -> bool {
        self.top >= self.content_room() - slack
    }

    /// Where content pixel `y` lies inside the element, at this scroll position.
    pub fn place(&self, y: f64) -> f64 {
        self.element_top + (y - self.top)
    }

    /// The content or the window changed its size; what is seen stays where it is.
    pub fn resize(&mut self, content: f64, view: f64) {
        self.content = content.max(0.0);
        self.view = view.max(1.0);
        self.go(self.top);
    }

    /// Goes to content pixel `top` (as far as there is content).
    pub fn go(&mut self, top: f64) {
        self.top = top.clamp(0.0, self.content_room());
        self.element_top = self.element_of(self.top);
    }

    /// Goes to the end.
    pub fn go_end(&mut self) {
        self.go(self.content_room());
    }

    /// Brings content pixels `from..to` into sight with `margin` around them, moving as little as needed.
    pub fn reveal(&mut self, from: f64, to: f64, margin: f64) {
        if from - margin < self.top {
            self.go(from - margin);
        } else if to + margin > self.top + self.view {
            self.go((to + margin - self.view).min(from - margin));
        }
    }

    /// The reader scrolled the element to `element_top`.
    pub fn scrolled(&mut self, element_top: f64) {
        let moved = element_top - self.element_top;
        if moved.abs() < 0.5 {
            return;
        }
        if !self.is_mapped() {
            self.top = element_top.clamp(0.0, self.content_room());
            self.element_top = element_top;
        } else if moved.abs() > 3.0 * self.view {
            self.top = self.content_of(element_top);
            self.element_top = element_top;
        } else {
            self.top = (self.top + moved).clamp(0.0, self.content_room());
            self.element_top = element_top;
            let drift = (element_top - self.element_of(self.top)).abs();
            let at_an_end = element_top < ZONE || element_top > self.element_room() - ZONE;
            if drift > DRIFT || (at_an_end && drift > 0.5) {
                self.go(self.top);
            }
        }
    }

    /// The element's place for a content pixel.
    fn element_of(&self, top: f64) -> f64 {
        if !self.is_mapped() {
            return top;
        }
        let (content, element) = (self.content_room(), self.element_room());
        if top <= ZONE {
            top
        } else if top >= content - ZONE {
            element - (content - top)
        } else {
            ZONE + (top - ZONE) / (content - 2.0 * ZONE) * (element - 2.0 * ZONE)
        }
    }

    /// The content pixel for a place of the element: the inverse of `element_of`.
    fn content_of(&self, element_top: f64) -> f64 {
        let (content, element) = (self.content_room(), self.element_room());
        let top = if element_top <= ZONE {
            element_top
        } else if element_top >= element - ZONE {
            content - (element - element_top)
        } else {
            ZONE + (element_top - ZONE) / (element - 2.0 * ZONE) * (content - 2.0 * ZONE)
        };
        top.clamp(0.0, content)
    }

    fn content_room(&self) -> f64 {
        (self.content - self.view).max(0.0)
    }

    fn element_room(&self) -> f64 {
        (self.element_height() - self.view).max(0.0)
    }

    fn is_mapped(&self) -> bool {
        self.content > CAP.max(self.view)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scroll(content: f64) -> Scroll {
        let mut scroll = Scroll::default();
        scroll.resize(content, 600.0);
        scroll
    }

    #[test]
    fn a_short_ladder_scrolls_as_it_is() {
        let mut scroll = scroll(4000.0);
        assert_eq!(scroll.element_height(), 4000.0);
        scroll.scrolled(1234.0);
        assert_eq!(scroll.top(), 1234.0);
        assert_eq!(scroll.place(1234.0), 1234.0);
        scroll.go_end();
        assert_eq!(scroll.element_top(), 3400.0);
        assert!(scroll.at_end(1.0));
    }

    #[test]
    fn less_than_a_window_does_not_scroll() {
        let mut scroll = scroll(100.0);
        assert_eq!(scroll.element_height(), 600.0);
        scroll.go_end();
        assert_eq!(scroll.top(), 0.0);
        assert!(scroll.at_end(0.0));
    }

    #[test]
    fn a_huge_ladder_fits_and_both_ends_are_reached() {
        let mut scroll = scroll(3_000_000_000.0);
        assert_eq!(scroll.element_height(), CAP);
        scroll.scrolled(CAP - 600.0);
        assert_eq!(scroll.top(), 3_000_000_000.0 - 600.0);
        scroll.scrolled(0.0);
        assert_eq!(scroll.top(), 0.0);
    }

    #[test]
    fn a_wheel_moves_a_huge_ladder_pixel_by_pixel() {
        let mut scroll = scroll(3_000_000_000.0);
        scroll.go(1_000_000_000.0);
        let before = scroll.element_top();
        scroll.scrolled(before + 120.0);
        assert_eq!(scroll.top(), 1_000_000_120.0);
        assert_eq!(scroll.place(scroll.top()), scroll.element_top());
    }

    #[test]
    fn wheeling_to_the_start_of_a_huge_ladder_sees_every_pixel() {
        let mut scroll = scroll(3_000_000_000.0);
        scroll.go(5_000.0);
        for _ in 0..50 {
            let next = (scroll.element_top() - 120.0).max(0.0);
            scroll.scrolled(next);
        }
        assert_eq!(scroll.top(), 0.0);
        assert_eq!(scroll.element_top(), 0.0);
    }

    #[test]
    fn growth_leaves_the_reader_where_he_is() {
        let mut scroll = scroll(4000.0);
        scroll.go(1000.0);
        scroll.resize(9000.0, 600.0);
        assert_eq!(scroll.top(), 1000.0);
        assert!(!scroll.at_end(40.0));
    }

    #[test]
    fn a_row_is_brought_into_sight_with_the_least_move() {
        let mut scroll = scroll(4000.0);
        scroll.reveal(100.0, 120.0, 20.0);
        assert_eq!(scroll.top(), 0.0, "already seen");
        scroll.reveal(900.0, 920.0, 20.0);
        assert_eq!(scroll.top(), 340.0);
        scroll.reveal(300.0, 320.0, 20.0);
        assert_eq!(scroll.top(), 280.0);
    }
}
