//! Windows before and after scaling: two types, so that they cannot be mixed up.

/// The window field as it stands on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct UnscaledWindow(pub(super) u16);

/// A window in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WindowSize(pub(super) u32);

/// By how many bits the window field is shifted (RFC 7323 §2.2): at most 14.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct WindowScale(u8);

impl WindowScale {
    /// No scaling.
    pub(super) const ZERO: Self = Self(0);
    /// RFC 7323 §2.3: larger shifts are to be taken as this one.
    const MAX: u8 = 14;

    /// A shift as a peer sent it, capped as RFC 7323 §2.3 asks.
    pub(super) fn new(shift: u8) -> Self {
        Self(shift.min(Self::MAX))
    }

    /// The smallest shift with which a window of `buffer_len` bytes fits.
    pub(super) fn for_buffer(buffer_len: u32) -> Self {
        let shift = (0..Self::MAX).find(|shift| buffer_len >> shift <= u32::from(u16::MAX));
        Self(shift.unwrap_or(Self::MAX))
    }

    /// The number of bits.
    pub(super) fn shift(self) -> u8 {
        self.0
    }

    /// What the field means.
    pub(super) fn scale_up(self, field: UnscaledWindow) -> WindowSize {
        WindowSize(u32::from(field.0) << self.0)
    }

    /// How a window is written: rounded down, so that no more is promised than
    /// there is.
    pub(super) fn scale_down(self, window: WindowSize) -> UnscaledWindow {
        UnscaledWindow(u16::try_from(window.0 >> self.0).unwrap_or(u16::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scaling_down_never_promises_more() {
        for shift in 0..=14 {
            let scale = WindowScale::new(shift);
            for window in [0, 1, 127, 128, 65_535, 65_536, 4 << 20, u32::MAX] {
                assert!(scale.scale_up(scale.scale_down(WindowSize(window))).0 <= window);
            }
        }
    }

    #[test]
    fn a_field_is_unsigned_and_a_window_has_32_bits() {
        let widest = UnscaledWindow(u16::MAX);
        assert_eq!(WindowScale::ZERO.scale_up(widest), WindowSize(65_535));
        assert_eq!(
            WindowScale::new(14).scale_up(widest),
            WindowSize(65_535 << 14)
        );
    }

    #[test]
    fn the_shift_fits_the_buffer() {
        assert_eq!(WindowScale::for_buffer(65_535).shift(), 0);
        assert_eq!(WindowScale::for_buffer(65_536).shift(), 1);
        assert_eq!(WindowScale::for_buffer(4 << 20).shift(), 7);
        assert_eq!(WindowScale::for_buffer(u32::MAX).shift(), 14);
        assert_eq!(WindowScale::new(200).shift(), 14);
    }
}
