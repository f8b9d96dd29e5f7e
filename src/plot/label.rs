//! Texts that fit: control characters taken out, long ones cut with an ellipsis.

/// The text, without control characters, cut so that `width` of it is at most `room`.
pub(super) fn fitted(text: &str, room: f64, width: &dyn Fn(&str) -> f64) -> String {
    // A name from a program can be of any length; no picture has room for more than this.
    let mut kept: Vec<char> = text
        .chars()
        .take(LONGEST)
        .map(|c| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { ' ' } else { c })
        .collect();
    let whole: String = kept.iter().collect();
    if text.chars().nth(LONGEST).is_none() && width(&whole) <= room {
        return whole;
    }
    loop {
        let cut: String = kept.iter().chain(['…'].iter()).collect();
        if width(&cut) <= room {
            return cut;
        }
        if kept.pop().is_none() {
            return String::new();
        }
    }
}

const LONGEST: usize = 400;
