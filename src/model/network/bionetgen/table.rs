//! Tables of values in a `.net` file: `tfun([0,1,2],[10,20,30],time,method=>"step")`.
//!
//! As BioNetGen's simulator does, between points the value is linear or, with the method `step`,
//! that of the point before; outside of the table it is that of the nearest end.

use super::text::Column;
use crate::term::{Graph, Number, Op, Term};
use crate::text::{Diagnostic, Kind, Span, nearest};

/// How values between points follow from those at points.
const METHODS: [&str; 2] = ["linear", "step"];

/// Points with increasing abscissas.
pub struct Table {
    points: Vec<(Number, Number)>,
    step: bool,
}

/// What a function with a table does.
pub struct Lookup<'t> {
    /// The table.
    pub table: Table,
    /// The expression whose value is looked up.
    pub index: Column<'t>,
}

/// Reads `tfun(…)`; `None` when the text is another expression.
///
/// # Errors
/// What is wrong with the table.
pub fn read(column: Column<'_>) -> Result<Option<Lookup<'_>>, Diagnostic> {
    let Some(at) = column.text.to_ascii_lowercase().find("tfun(") else { return Ok(None) };
    let text = column.text;
    let part = |from: usize, to: usize| {
        let start = column.span.start as usize;
        Column { text: &text[from..to], span: Span::new(start + from, start + to) }
    };
    let wrong = |place: Column<'_>, message: &str| {
        let error = Diagnostic::error(Kind::Syntax, place.span, message.to_owned());
        error.help("write a table as in `tfun([0,1,2],[10,20,30],time)`")
    };
    let word = part(at, at + 4);
    if !text[at + 5..].trim_start().starts_with('[') {
        let message = "tables of values in other files (`tfun`) are not supported in a `.net` file";
        return Err(wrong(word, message));
    }
    if at > 0 || !text.ends_with(')') {
        return Err(wrong(word, "a table of values (`tfun`) must be all of its function"));
    }
    let end = text.len() - 1;
    let mut next = at + 5;
    let mut list = || -> Result<(Vec<Number>, Column<'_>), Diagnostic> {
        let open = text[next..end].find('[').map(|n| next + n);
        let close = open.and_then(|open| Some((open, open + text[open..end].find(']')?)));
        let (open, close) =
            close.ok_or_else(|| wrong(part(next, end), "expected a list of numbers in `[…]`"))?;
        if !text[next..open].trim().trim_matches(',').is_empty() {
            return Err(wrong(part(next, open), "expected a list of numbers in `[…]`"));
        }
        let (mut numbers, mut from) = (Vec::new(), open + 1);
        for item in text[open + 1..close].split(',') {
            let place = part(from, from + item.len());
            from += item.len() + 1;
            let Some(number) = Number::from_decimal(item.trim()) else {
                return Err(wrong(place, &format!("expected a number, found `{}`", item.trim())));
            };
            numbers.push(number);
        }
        next = close + 1;
        Ok((numbers, part(open, close + 1)))
    };
    let ((x, at_x), (y, at_y)) = (list()?, list()?);
    if x.len() != y.len() || x.len() < 2 {
        let message = format!(
            "a table has as many values as points, and two at least: {} points, {} values",
            x.len(),
            y.len()
        );
        return Err(wrong(at_y, &message));
    }
    if let Some(pair) = x.windows(2).find(|pair| pair[0] >= pair[1]) {
        let message =
            format!("the points of a table increase; {} is not above {}", pair[1], pair[0]);
        return Err(wrong(at_x, &message));
    }
    let rest = part(next, end);
    let Some(index) = rest.text.trim_start().strip_prefix(',') else {
        return Err(wrong(rest, "expected what the table is a function of"));
    };
    let from = end - index.len();
    let (index, method) = match index.find("method") {
        Some(at) => (part(from, from + at), Some(part(from + at, end))),
        None => (part(from, end), None),
    };
    let blank = |c: char| c.is_whitespace() || c == ',';
    let skipped = index.text.len() - index.text.trim_start_matches(blank).len();
    let trimmed = index.text.trim_matches(blank);
    let start = index.span.start as usize + skipped;
    let index = Column { text: trimmed, span: Span::new(start, start + trimmed.len()) };
    if index.text.is_empty() {
        return Err(wrong(index, "expected what the table is a function of"));
    }
    let step = match method {
        None => false,
        Some(method) => {
            let name = method.text["method".len()..].trim().trim_start_matches("=>").trim();
            let name = name.trim_matches(['"', '\'']);
            if !METHODS.contains(&name) {
                let message = format!("no method `{name}` for a table");
                let error = Diagnostic::error(Kind::Name, method.span, message);
                let error = error.did_you_mean(nearest(name, METHODS));
                return Err(error.note(format!("methods are {}", METHODS.join(" and "))));
            }
            name == "step"
        }
    };
    Ok(Some(Lookup { table: Table { points: x.into_iter().zip(y).collect(), step }, index }))
}

impl Table {
    /// The value at `x`: a tree of comparisons as deep as the logarithm of the number of points.
    pub fn at(&self, graph: &mut Graph, x: Term) -> Term {
        self.piece(graph, x, 0, self.points.len())
    }

    /// The value where it is known that `x` is in one of some pieces: piece `k` begins at point
    /// `k - 1`, and the first one has no beginning.
    fn piece(&self, graph: &mut Graph, x: Term, first: usize, last: usize) -> Term {
        if first < last {
            let middle = (first + last).div_ceil(2);
            let below = self.piece(graph, x, first, middle - 1);
            let above = self.piece(graph, x, middle, last);
            let bound = graph.number(self.points[middle - 1].0.clone());
            let condition = graph.call(Op::Less, &[x, bound]);
            return graph.call(Op::If, &[condition, below, above]);
        }
        let before = &self.points[first.saturating_sub(1)];
        let constant = self.step || first == 0;
        match self.points.get(first).filter(|_| !constant) {
            None => graph.number(before.1.clone()),
            Some(after) => {
                // y = y0 + slope (x - x0)
                let run = (&after.0 - &before.0).recip().expect("points increase");
                let slope = &(&after.1 - &before.1) * &run;
                let constant = &before.1 - &(&slope * &before.0);
                graph.sum(constant, [(slope, x)])
            }
        }
    }
}
