//! Covariances of a sample: of observations, or as a matrix with their number.

use crate::session::command::Stop;
use crate::session::load::Refused;
use crate::session::load_text;
use crate::text::{Diagnostic, Kind, Limits, nearest};

/// The covariances of some variables in a sample.
pub struct Sample {
    /// The matrix, in the order of the names that were asked for.
    pub covariance: Vec<Vec<f64>>,
    /// The number of observations.
    pub count: usize,
}

/// Reads a CSV file: observations below a line of names, or a covariance or correlation matrix whose
/// rows begin with their names, which needs the number of observations.
///
/// # Errors
/// A variable that is not in the file, what is no number, a constant column, too few observations, a
/// matrix that is not symmetric.
pub fn sample(
    path: &str,
    names: &[String],
    observations: Option<usize>,
    limits: &Limits,
) -> Result<Sample, Stop> {
    let (source, _) = load_text(path, limits)?;
    let refuse = |message: String| -> Stop {
        let diagnostics = vec![Diagnostic::without_place(Kind::Format, message)];
        Refused { source: Some(source.clone()), diagnostics }.into()
    };
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(source.text().as_bytes());
    let header: Vec<String> = match reader.headers() {
        Ok(row) => row.iter().map(str::to_owned).collect(),
        Err(e) => return Err(refuse(format!("{path}: {e}"))),
    };
    let matrix = header.first().is_some_and(String::is_empty);
    let mut places = Vec::new();
    for name in names {
        let Some(place) = header.iter().position(|h| h == name) else {
            let message = format!("{path} has no column `{name}`");
            let known = header.iter().map(String::as_str).filter(|h| !h.is_empty());
            let error = Diagnostic::without_place(Kind::Name, message);
            return Err(error.did_you_mean(nearest(name, known)).into());
        };
        places.push(place);
    }
    let mut rows: Vec<(String, Vec<f64>)> = Vec::new();
    for (k, record) in reader.records().enumerate() {
        let record = record.map_err(|e| refuse(format!("{path}: {e}")))?;
        let mut row = Vec::new();
        for (&place, name) in places.iter().zip(names) {
            let text = record.get(place).unwrap_or("");
            match text.parse::<f64>().ok().filter(|x| x.is_finite()) {
                Some(x) => row.push(x),
                None => {
                    let what = if text.is_empty() { "nothing" } else { text };
                    let message = format!(
                        "{path}, line {}: `{name}` is {what}, where a number is expected",
                        k + 2
                    );
                    return Err(refuse(message));
                }
            }
        }
        rows.push((record.get(0).unwrap_or("").to_owned(), row));
    }
    match matrix {
        true => given(path, names, &rows, observations),
        false => computed(path, names, &rows),
    }
}

/// The covariances of observations, with their number as divisor.
fn computed(path: &str, names: &[String], rows: &[(String, Vec<f64>)]) -> Result<Sample, Stop> {
    let count = rows.len();
    if count <= names.len() {
        let message = format!("{path} has {count} observations of {} variables", names.len());
        return Err(Stop::refused(Kind::Format, message));
    }
    let mean = |v: usize| rows.iter().map(|(_, r)| r[v]).sum::<f64>() / count as f64;
    let means: Vec<f64> = (0..names.len()).map(mean).collect();
    let entry = |i: usize, j: usize| {
        let product = |(_, r): &(String, Vec<f64>)| (r[i] - means[i]) * (r[j] - means[j]);
        rows.iter().map(product).sum::<f64>() / count as f64
    };
    let covariance: Vec<Vec<f64>> =
        (0..names.len()).map(|i| (0..names.len()).map(|j| entry(i, j)).collect()).collect();
    if let Some(v) = (0..names.len()).find(|&v| rows.iter().all(|(_, r)| r[v] == rows[0].1[v])) {
        let message = format!("`{}` is the same in all observations of {path}", names[v]);
        return Err(Stop::refused(Kind::Format, message));
    }
    Ok(Sample { covariance, count })
}

/// The covariances that a file gives.
fn given(
    path: &str,
    names: &[String],
    rows: &[(String, Vec<f64>)],
    observations: Option<usize>,
) -> Result<Sample, Stop> {
    let Some(count) = observations else {
        let message = format!("{path} is a covariance matrix: how many observations is it of?");
        let error = Diagnostic::without_place(Kind::Config, message);
        return Err(error.help("say so with `--observations NUMBER`").into());
    };
    let mut covariance = Vec::new();
    for name in names {
        let Some((_, row)) = rows.iter().find(|(first, _)| first == name) else {
            return Err(Stop::refused(Kind::Name, format!("{path} has no row `{name}`")));
        };
        covariance.push(row.clone());
    }
    for i in 0..names.len() {
        if covariance[i][i] <= 0.0 {
            let message = format!("the variance of `{}` in {path} is not positive", names[i]);
            return Err(Stop::refused(Kind::Format, message));
        }
        for j in 0..i {
            let (a, b) = (covariance[i][j], covariance[j][i]);
            if (a - b).abs() > 1e-8 * (a.abs() + b.abs()) {
                let message = format!(
                    "{path} is not symmetric: {} and {} have {a} and {b}",
                    names[i], names[j]
                );
                return Err(Stop::refused(Kind::Format, message));
            }
        }
    }
    Ok(Sample { covariance, count })
}
