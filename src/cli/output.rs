//! Data on stdout, as a table, JSON or CSV; questions and messages on stderr.

use std::io::{self, BufRead, IsTerminal, Write};

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::text;

use super::failure::{Exit, Failure};

/// How data is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns for people.
    #[default]
    Table,
    /// Stable, documented, for programs.
    Json,
    /// For spreadsheets.
    Csv,
}

/// The flag that chooses the format.
#[derive(Args, Clone, Copy, Debug)]
pub struct Output {
    /// How to print the data
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Format,
}

/// A value of a table: its header, and whether it is a number.
pub type Header = &'static [(&'static str, bool)];

impl Output {
    /// Prints a list: `value` as JSON, or `rows` under `header`.
    pub fn list(self, value: &impl Serialize, header: Header, rows: &[Vec<String>]) -> Result<(), Failure> {
        let rows = || rows.iter().map(|row| row.iter().map(|cell| text::clean(cell).into_owned()).collect());
        match self.output {
            Format::Json => json(value),
            Format::Table => {
                let titles: Vec<&str> = header.iter().map(|(title, _)| *title).collect();
                let right: Vec<usize> =
                    header.iter().enumerate().filter(|(_, (_, number))| *number).map(|(column, _)| column).collect();
                print(&text::table::table(&titles, &rows().collect::<Vec<_>>(), &right))
            }
            Format::Csv => csv(header, rows()),
        }
    }

    /// Prints a list that people read as a text of its own rather than as a table.
    pub fn report(
        self,
        value: &impl Serialize,
        header: Header,
        rows: &[Vec<String>],
        text: &str,
    ) -> Result<(), Failure> {
        match self.output {
            Format::Table => print(&(text::clean_lines(text) + "\n")),
            Format::Json | Format::Csv => self.list(value, header, rows),
        }
    }

    /// Prints one thing: `value` as JSON, or its fields one a line.
    pub fn one(self, value: &impl Serialize, fields: &[(&str, String)]) -> Result<(), Failure> {
        match self.output {
            Format::Json => json(value),
            Format::Csv => {
                let header: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
                let row = fields.iter().map(|(_, value)| text::clean(value).into_owned()).collect();
                write_csv(&header, std::iter::once(row))
            }
            Format::Table => {
                let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
                let line = |(name, value): &(&str, String)| format!("{name:width$}  {}\n", text::clean(value));
                print(&fields.iter().map(line).collect::<String>())
            }
        }
    }
}

fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::new(Exit::Failed, error))?;
    print(&(text::sanitize::escape_json(&text) + "\n"))
}

fn csv(header: Header, rows: impl Iterator<Item = Vec<String>>) -> Result<(), Failure> {
    let titles: Vec<&str> = header.iter().map(|(title, _)| *title).collect();
    write_csv(&titles, rows)
}

fn write_csv(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Result<(), Failure> {
    let failed = |error: csv::Error| Failure::new(Exit::Failed, format!("cannot write the output: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).map_err(failed)?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| text::sanitize::inert(cell).into_owned())).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| Failure::new(Exit::Failed, error.error()))?;
    print(&String::from_utf8_lossy(&bytes))
}

/// Prints to stdout. A reader that went away (`| head`) is not an error.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => Ok(done?),
    }
}

/// A message on stderr, made harmless. Where nobody listens any more it is dropped.
pub fn say(message: impl std::fmt::Display) {
    let _ = writeln!(io::stderr(), "{}", text::clean_lines(&message.to_string()));
}

/// Asks before something that cannot be undone: the person types `expected`. Elsewhere than on a terminal `--yes` is
/// wanted, since nobody is there to ask.
pub fn confirm(yes: bool, question: &str, expected: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(Failure::new(Exit::Usage, "nobody is there to confirm; pass --yes to go on without a question"));
    }
    let shown = text::clean(expected);
    say(question);
    let _ = write!(io::stderr(), "Type {shown} to go on: ");
    let _ = io::stderr().flush();
    let mut answer = String::new();
    let unread = |error| Failure::new(Exit::Failed, format!("cannot read the answer ({error}); nothing was changed"));
    io::stdin().lock().read_line(&mut answer).map_err(unread)?;
    if answer.trim_end_matches(['\r', '\n']) == shown {
        Ok(())
    } else {
        Err(Failure::new(Exit::Failed, "that is not what was to be typed; nothing was changed"))
    }
}
