//! Figures: medians, and a table that sets what was measured beside its budget.

use std::fmt;
use std::time::Duration;

use palette_console::plane::Scale;

/// What was measured: a time in seconds, or a number of something.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Amount {
    value: f64,
    unit: &'static str,
}

impl Amount {
    /// So many of something.
    pub fn of(count: usize, unit: &'static str) -> Self {
        Self { value: u32::try_from(count).map_or(f64::INFINITY, f64::from), unit }
    }
}

impl From<Duration> for Amount {
    fn from(time: Duration) -> Self {
        Self { value: time.as_secs_f64(), unit: "s" }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { value, unit } = *self;
        match unit {
            "s" if value < 1e-3 => write!(f, "{:.1} µs", value * 1e6),
            "s" if value < 1.0 => write!(f, "{:.2} ms", value * 1e3),
            "s" => write!(f, "{value:.2} s"),
            _ => write!(f, "{value} {unit}"),
        }
    }
}

/// One line of the report.
pub struct Figure {
    name: &'static str,
    amount: Amount,
    /// The most that it may be.
    budget: Option<Amount>,
}

impl Figure {
    /// A figure without a budget.
    pub fn new(name: &'static str, amount: impl Into<Amount>) -> Self {
        Self { name, amount: amount.into(), budget: None }
    }

    /// The same with a budget.
    pub fn within(self, budget: impl Into<Amount>) -> Self {
        Self { budget: Some(budget.into()), ..self }
    }

    fn shown(&self) -> String {
        let over = self.budget.is_some_and(|budget| self.amount > budget);
        format!("{}{}", self.amount, if over { " !" } else { "  " })
    }
}

/// The sizes that everything is measured with: the sandbox as it comes, and the largest that is provided for.
pub const SCALES: [Scale; 2] =
    [Scale { pcgs: 8, clusters: 42, audits: 1_200 }, Scale { pcgs: 200, clusters: 5_000, audits: 100_000 }];

/// Prints what was measured at each of [`SCALES`] side by side.
pub fn print(title: &str, columns: &[Vec<Figure>]) {
    println!("\n{title}");
    let heads =
        SCALES.map(|scale| format!("{} PCGs, {} clusters, {} audits", scale.pcgs, scale.clusters, scale.audits));
    let [small, large] = &heads;
    println!("{:<46}{:>12}  {small:>32}  {large:>38}", "median", "budget");
    let Some(first) = columns.first() else { return };
    for (place, figure) in first.iter().enumerate() {
        let budget = figure.budget.map_or_else(String::new, |budget| budget.to_string());
        let cells: Vec<String> = columns.iter().filter_map(|column| column.get(place)).map(Figure::shown).collect();
        let [small, large] = [0, 1].map(|column| cells.get(column).map_or("", String::as_str));
        println!("{:<46}{budget:>12}  {small:>32}  {large:>38}", figure.name);
    }
    if columns.iter().flatten().any(|figure| figure.shown().ends_with('!')) {
        println!("! over its budget");
    }
}

/// The middle one.
pub fn median<T: Copy + PartialOrd>(mut samples: Vec<T>) -> Option<T> {
    samples.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    samples.get(samples.len() / 2).copied()
}
