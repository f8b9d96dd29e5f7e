//! Samples from files: observations, covariance and correlation matrices.

use crate::session::Session;
use crate::session::bytes;
use crate::session::command::{Call, Flag, Stop};
use crate::study::sem::sample::Group;
use crate::study::sem::{Sample, SampleError};
use crate::text::{Diagnostic, Kind, nearest};

/// Observations.
pub const DATA: Flag = Flag::with("data", "FILE", "observations: CSV with a line of names");
/// Covariances.
pub const COVARIANCE: Flag = Flag::with(
    "covariance",
    "FILE",
    "a covariance matrix (divisor N - 1): CSV with a line of names; needs --observations",
);
/// Correlations.
pub const CORRELATION: Flag = Flag::with(
    "correlation",
    "FILE",
    "a correlation matrix: CSV with a line of names; needs --observations",
);
/// How many observations a matrix is of.
pub const OBSERVATIONS: Flag = Flag::with("observations", "N", "how many observations there are");
/// Means beside a matrix.
pub const MEANS: Flag =
    Flag::with("means", "LIST", "means of the variables of a matrix, divided by commas");
/// Groups.
pub const GROUP: Flag = Flag::with("group", "COLUMN", "the column that tells groups apart");

/// Options that name covariances.
pub const MATRICES: &[Flag] = &[DATA, COVARIANCE, CORRELATION, OBSERVATIONS];
/// Options that name a sample.
pub const SAMPLE: &[Flag] = &[DATA, COVARIANCE, CORRELATION, OBSERVATIONS, MEANS, GROUP];

fn refuse(message: String, help: &str) -> Stop {
    Diagnostic::without_place(Kind::Format, message).help(help).into()
}

/// A table of text: its names and its rows with their line numbers.
fn table(path: &str, session: &Session) -> Result<(Vec<String>, Vec<(u64, Vec<String>)>), Stop> {
    let bytes = bytes(path, &session.limits)?;
    if bytes.len() > session.limits.bytes {
        let what = "bytes of a table";
        return Err(crate::text::Limits::exceeded("bytes", session.limits.bytes, what, None).into());
    }
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(&*bytes);
    let wrong = |e: csv::Error| {
        refuse(format!("{path}: {e}"), "write a table as CSV, a comma between values")
    };
    let names: Vec<String> = reader.headers().map_err(wrong)?.iter().map(str::to_owned).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        let line = record.position().map_or(0, csv::Position::line);
        let row: Vec<String> = record.iter().map(str::to_owned).collect();
        if row.len() != names.len() {
            let (found, wanted) = (row.len(), names.len());
            let message =
                format!("{path}:{line}: {found} values, where the first line has {wanted}");
            return Err(refuse(message, "every line has one value for each name"));
        }
        rows.push((line, row));
    }
    if rows.is_empty() {
        return Err(refuse(format!("{path} has no row of values"), "the first line is for names"));
    }
    Ok((names, rows))
}

/// Whether a cell says that a value is missing.
fn missing(text: &str) -> bool {
    matches!(text, "" | "NA" | "NaN" | "nan" | ".")
}

/// The sample that a call names, with the columns that are wanted, in the groups of a column.
///
/// # Errors
/// What is wrong with the files or the options.
pub fn sample(
    session: &Session,
    call: &Call<'_>,
    wanted: &[String],
    by: Option<&str>,
) -> Result<Sample, Stop> {
    let given: Vec<&str> = [DATA, COVARIANCE, CORRELATION]
        .iter()
        .map(|f| f.long)
        .filter(|name| call.has(name))
        .collect();
    match given[..] {
        ["data"] => {
            if let Some(flag) = [OBSERVATIONS, MEANS].iter().find(|f| call.has(f.long)) {
                let message =
                    format!("--{} belongs to a matrix, and --data has observations", flag.long);
                return Err(Stop::refused(Kind::Config, message));
            }
            observations(session, call, call.option(DATA.long).unwrap_or_default(), wanted, by)
        }
        [_] if by.is_some() => {
            Err(Stop::refused(Kind::Config, "--group needs observations, and a matrix has none"))
        }
        [kind] => moments(session, call, kind),
        [] => Err(Stop::from(
            Diagnostic::without_place(Kind::Config, "there are no data")
                .help("name them: `--data FILE`, `--covariance FILE` or `--correlation FILE`"),
        )),
        _ => Err(Stop::refused(Kind::Config, format!("choose one of --{}", given.join(" and --")))),
    }
}

/// Whether a call names a sample.
pub fn given(call: &Call<'_>) -> bool {
    [DATA, COVARIANCE, CORRELATION].iter().any(|f| call.has(f.long))
}

/// The covariances in a file, row by row: as they stand in a matrix whose rows begin with their
/// names, else those of observations.
///
/// # Errors
/// What is wrong with the file.
pub fn covariances(
    session: &Session,
    call: &Call<'_>,
    path: &str,
    wanted: &[String],
) -> Result<Vec<f64>, Stop> {
    let sample = match table(path, session)?.0[0].is_empty() {
        true => {
            let (names, matrix) = matrix(session, path)?;
            Sample::of_moments(names, matrix, None, f64::INFINITY)
        }
        false => Ok(observations(session, call, path, wanted, None)?),
    };
    let targets = sample.and_then(|s| s.targets(wanted, false));
    let refused = |e: SampleError| Stop::refused(Kind::Format, format!("{path}: {e}"));
    targets.map_err(refused).map(|mut targets| targets.remove(0).covariance)
}

fn observations(
    session: &Session,
    call: &Call<'_>,
    path: &str,
    wanted: &[String],
    by: Option<&str>,
) -> Result<Sample, Stop> {
    let (names, rows) = table(path, session)?;
    let place = |name: &str| -> Result<usize, Diagnostic> {
        names.iter().position(|n| n == name).ok_or_else(|| {
            let message = format!("{path} has no column `{name}`");
            let error = Diagnostic::without_place(Kind::Name, message);
            error.did_you_mean(nearest(name, names.iter().map(String::as_str)))
        })
    };
    let placed =
        |name: &String| place(name).map_err(|e| super::about_variable(session, call, name, e));
    let places: Vec<usize> = wanted.iter().map(placed).collect::<Result<_, _>>()?;
    let by = by.map(place).transpose()?;
    let mut groups: Vec<(String, Vec<Vec<f64>>)> = Vec::new();
    let mut incomplete = 0;
    for (line, row) in &rows {
        if places.iter().chain(&by).any(|&k| missing(&row[k])) {
            incomplete += 1;
            continue;
        }
        let mut values = Vec::with_capacity(places.len());
        for &k in &places {
            match row[k].parse::<f64>() {
                Ok(x) if x.is_finite() => values.push(x),
                _ => {
                    let message = format!(
                        "{path}:{line}: `{}` in column `{}` is no number",
                        row[k], names[k]
                    );
                    return Err(refuse(message, "a missing value is an empty cell or NA"));
                }
            }
        }
        let label = by.map_or(String::new(), |k| row[k].clone());
        match groups.iter_mut().find(|(l, _)| *l == label) {
            Some((_, rows)) => rows.push(values),
            None => groups.push((label, vec![values])),
        }
    }
    if groups.is_empty() {
        let message = format!("{path}: every row has a missing value");
        return Err(refuse(message, "a row counts when all variables of the model have a value"));
    }
    let groups = groups.into_iter().map(|(label, rows)| Group::of_rows(label, rows, places.len()));
    Ok(Sample { names: wanted.to_vec(), groups: groups.collect(), incomplete })
}

/// The sample of a matrix.
fn moments(session: &Session, call: &Call<'_>, kind: &str) -> Result<Sample, Stop> {
    let path = call.option(kind).unwrap_or_default();
    let count =
        call.number(OBSERVATIONS.long, "a whole number above 1", |x| x > 1.0 && x.fract() == 0.0)?;
    let Some(count) = count else {
        let error = Diagnostic::without_place(
            Kind::Config,
            "a matrix does not tell how many observations it is of",
        );
        return Err(error.help("add `--observations N`").into());
    };
    let (names, matrix) = matrix(session, path)?;
    let p = names.len();
    if kind == CORRELATION.long
        && let Some(k) = (0..p).find(|k| (matrix[k * p + k] - 1.0).abs() > 1e-9)
    {
        let message = format!(
            "{path}: the correlation of `{}` with itself is {}",
            names[k],
            matrix[k * p + k]
        );
        return Err(refuse(message, "use `--covariance` for covariances"));
    }
    let means = match call.option(MEANS.long) {
        None => None,
        Some(_) => {
            let list = call.list(MEANS.long);
            let values: Vec<f64> = list.iter().filter_map(|x| x.parse().ok()).collect();
            if values.len() != p {
                let message = format!("--means has {} numbers for {p} variables", values.len());
                return Err(Stop::refused(Kind::Config, message));
            }
            Some(values)
        }
    };
    // Programs print covariances with the divisor N - 1.
    let matrix = matrix.iter().map(|s| s * (count - 1.0) / count).collect();
    Sample::of_moments(names, matrix, means, count).map_err(|e| Stop::refused(Kind::Format, e))
}

/// A square table of numbers, with its names.
fn matrix(session: &Session, path: &str) -> Result<(Vec<String>, Vec<f64>), Stop> {
    let (mut names, mut rows) = table(path, session)?;
    // A first column of names has an empty head.
    if names[0].is_empty() {
        names.remove(0);
        for ((line, row), name) in rows.iter_mut().zip(&names) {
            let label = row.remove(0);
            if label != *name {
                let message = format!(
                    "{path}:{line}: the row of `{label}` stands where that of `{name}` belongs"
                );
                return Err(refuse(message, "rows have the order of columns"));
            }
        }
    }
    let p = names.len();
    if rows.len() != p {
        let message = format!(
            "{path}: {} rows and {p} columns: a matrix of covariances is square",
            rows.len()
        );
        return Err(refuse(message, "one row for each name of the first line"));
    }
    let mut matrix = Vec::with_capacity(p * p);
    for (i, (line, row)) in rows.iter().enumerate() {
        for (j, cell) in row.iter().enumerate() {
            // Above the diagonal an empty cell is what stands below it.
            let cell = if j > i && cell.is_empty() { &rows[j].1[i] } else { cell };
            match cell.parse::<f64>() {
                Ok(x) if x.is_finite() => matrix.push(x),
                _ => {
                    let message =
                        format!("{path}:{line}: `{cell}` in column `{}` is no number", names[j]);
                    let help =
                        "write the whole matrix, or leave the cells above the diagonal empty";
                    return Err(refuse(message, help));
                }
            }
        }
    }
    Ok((names, matrix))
}
