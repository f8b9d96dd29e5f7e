//! Tabulated functions: two columns of numbers read as a C² spline with its derivative.

use std::sync::Arc;

use crate::numeric::spline::Spline;

/// A table that became a function of a model.
#[derive(Clone, PartialEq, Debug)]
pub struct Table {
    /// Name of the function.
    pub function: String,
    /// The file as written in the model.
    pub file: String,
    /// First and last argument; outside the function has no value.
    pub range: (f64, f64),
    /// The function itself; its derivatives are named with one and two dashes.
    pub spline: Arc<Spline>,
}

/// Two columns of finite numbers, the first increasing.
#[derive(Clone, PartialEq, Debug)]
pub struct Columns {
    /// Arguments.
    pub arguments: Vec<f64>,
    /// Values.
    pub values: Vec<f64>,
}

impl Columns {
    /// Reads comma-separated text; a first line that is not numbers is a header, and lines that
    /// start with `#` are comments.
    ///
    /// # Errors
    /// One sentence that names the line: more or fewer than two columns, something that is not a
    /// finite number, arguments that do not increase, fewer than two rows.
    pub fn parse(text: &str) -> Result<Columns, String> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .comment(Some(b'#'))
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let (mut arguments, mut values) = (Vec::new(), Vec::new());
        for (k, record) in reader.records().enumerate() {
            let record = record.map_err(|e| e.to_string())?;
            let line = record.position().map_or(0, csv::Position::line);
            if record.len() != 2 {
                let columns = record.len();
                return Err(format!("line {line} has {columns} columns instead of 2"));
            }
            let number = |text: &str| text.parse::<f64>().ok().filter(|x| x.is_finite());
            match (number(&record[0]), number(&record[1])) {
                (Some(x), Some(y)) => {
                    if let Some(&last) = arguments.last()
                        && x <= last
                    {
                        return Err(format!(
                            "line {line}: the argument {x} does not increase after {last}"
                        ));
                    }
                    arguments.push(x);
                    values.push(y);
                }
                (None, None) if k == 0 => {}
                _ => {
                    let row = record.iter().collect::<Vec<_>>().join(",");
                    return Err(format!("line {line}: `{row}` is not two finite numbers"));
                }
            }
        }
        if arguments.len() < 2 {
            return Err(format!(
                "a table needs at least 2 rows of numbers and this has {}",
                arguments.len()
            ));
        }
        Ok(Columns { arguments, values })
    }
}
