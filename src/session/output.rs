//! Solutions as files: CSV, NPY and JSON, whole or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use npyz::WriterBuilder;
use serde_json::json;

use super::command::Stop;
use crate::text::Kind;

/// Numbers in named columns.
pub struct Table {
    /// The names.
    pub columns: Vec<String>,
    /// The rows, each as long as the names.
    pub rows: Vec<Vec<f64>>,
}

/// A format of files: the ending of their names, what it is, and how it is written.
pub struct Format {
    /// The ending, without the dot.
    pub ending: &'static str,
    /// What it is.
    pub about: &'static str,
    write: fn(&Table, &mut dyn Write) -> io::Result<()>,
}

/// All formats.
pub static FORMATS: &[Format] = &[
    Format { ending: "csv", about: "text with a line of names", write: csv },
    Format { ending: "npy", about: "NumPy array of doubles, one row for each time", write: npy },
    Format { ending: "json", about: "object of columns; what is not finite is null", write: json },
];

fn csv(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(&table.columns)?;
    for row in &table.rows {
        csv.write_record(row.iter().map(f64::to_string))?;
    }
    csv.flush()
}

fn npy(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    let shape = [table.rows.len() as u64, table.columns.len() as u64];
    let mut writer =
        npyz::WriteOptions::new().default_dtype().shape(&shape).writer(out).begin_nd()?;
    writer.extend(table.rows.iter().flatten().copied())?;
    writer.finish()
}

fn json(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    let columns = table.columns.iter().enumerate().map(|(k, name)| {
        let values: Vec<f64> = table.rows.iter().map(|row| row[k]).collect();
        (name.clone(), json!(values))
    });
    let object = serde_json::Map::from_iter(columns);
    writeln!(out, "{}", serde_json::Value::Object(object))
}

/// A file that appears under its name when it is whole; until then it is called `.partial`.
pub struct Partial {
    /// The name of the whole file; `-` is standard output.
    pub path: PathBuf,
    place: Place,
}

/// Where the bytes go.
enum Place {
    Standard,
    /// A pipe or a device, which is written to and never replaced.
    Stream(File),
    /// A file beside the whole one, and that one; a link is followed to what it stands for.
    Beside(PathBuf, PathBuf),
}

impl Partial {
    /// Begins the file, so that a place that cannot be written to is refused before the work.
    ///
    /// # Errors
    /// When it cannot be written to.
    pub fn create(path: &str) -> Result<Partial, Stop> {
        let path = PathBuf::from(path);
        if path.as_os_str() == "-" {
            return Ok(Partial { path, place: Place::Standard });
        }
        let whole = std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        let place = match std::fs::metadata(&whole) {
            Ok(about) if about.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(about) if !about.is_file() => {
                File::options().write(true).open(&whole).map(Place::Stream)
            }
            _ => {
                let mut name = whole.file_name().unwrap_or_default().to_os_string();
                name.push(".partial");
                let partial = whole.with_file_name(name);
                // Nothing is left here when the work does not come to its end.
                File::create(&partial)
                    .and_then(|_| std::fs::remove_file(&partial))
                    .map(|()| Place::Beside(partial, whole))
            }
        };
        match place {
            Ok(place) => Ok(Partial { path, place }),
            Err(e) => Err(refusal(&path, &e, 2)),
        }
    }

    /// Writes the whole of it.
    ///
    /// # Errors
    /// When that fails; nothing appears then.
    pub fn write(&self, content: &[u8]) -> Result<(), Stop> {
        let written = match &self.place {
            Place::Standard => {
                let mut out = io::stdout().lock();
                out.write_all(content).and_then(|()| out.flush())
            }
            Place::Stream(stream) => (&mut &*stream).write_all(content),
            Place::Beside(partial, whole) => {
                std::fs::write(partial, content).and_then(|()| std::fs::rename(partial, whole))
            }
        };
        match written {
            // A closed pipe is the reader's choice and no failure.
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(|e| refusal(&self.path, &e, 1)),
        }
    }
}

fn refusal(path: &Path, error: &io::Error, code: u8) -> Stop {
    let message = format!("cannot write `{}`: {error}", path.display());
    Stop { code, ..Stop::failed(Kind::Io, message) }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if let Place::Beside(partial, _) = &self.place {
            let _ = std::fs::remove_file(partial);
        }
    }
}

impl Table {
    /// The bytes of the table in the format of a file's name; CSV on standard output.
    ///
    /// # Errors
    /// When no format has this ending.
    pub fn bytes(&self, format: &Format) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        (format.write)(self, &mut bytes)?;
        Ok(bytes)
    }
}

/// The format that the ending of a file's name asks for.
///
/// # Errors
/// When no format has this ending.
pub fn format_of(path: &str) -> Result<&'static Format, Stop> {
    let ending = match Path::new(path).extension() {
        Some(ending) => ending.to_string_lossy().to_lowercase(),
        None => "csv".to_owned(),
    };
    FORMATS.iter().find(|f| f.ending == ending).ok_or_else(|| {
        let list: Vec<&str> = FORMATS.iter().map(|f| f.ending).collect();
        let message = format!("no format `.{ending}` of tables; there are {}", list.join(", "));
        Stop::refused(Kind::Config, message)
    })
}
