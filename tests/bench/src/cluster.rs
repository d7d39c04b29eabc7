//! A cluster of real processes on loopback: its writes beside etcd's, and how it starts, takes files in, changes analyzers, answers
//! and does nothing.

mod etcd;
mod generated;
mod grpc;
mod http;
mod idle;
mod nodes;
mod packages;
mod plugins;
mod pushing;
mod queries;
mod recovery;
mod rows;
mod served;
mod writes;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::machine;
use crate::outside::Shelf;

pub(crate) use rows::Row;

/// What is measured of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Section {
    /// Committed writes, beside etcd.
    Writes,
    /// A node that comes back with many files.
    Recovery,
    /// Trees that are pushed.
    Pushing,
    /// An analyzer that is exchanged while sessions ask.
    Plugins,
    /// Answers of many groups beside those of one.
    Queries,
    /// What groups cost that nobody asks.
    Idle,
}

impl Section {
    const ALL: [Self; 6] = [Self::Writes, Self::Recovery, Self::Pushing, Self::Plugins, Self::Queries, Self::Idle];
}

/// How much is measured.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// None for all.
    pub(crate) sections: Vec<Section>,
    /// How long one turn of writing lasts.
    pub(crate) lasts: Duration,
    /// Whether very many files are pushed too.
    pub(crate) is_scaled: bool,
    pub(crate) seed: u64,
    pub(crate) binary: PathBuf,
    /// The Python analyzer.
    pub(crate) component: PathBuf,
}

/// What was measured.
#[derive(Debug, Default)]
pub(crate) struct ClusterFigures {
    pub(crate) rows: Vec<Row>,
    /// What went wrong, for people.
    pub(crate) notes: Vec<String>,
}

/// Measures section after section. One that cannot be measured says why.
pub(crate) fn measure(plan: &Plan, shelf: &Shelf) -> ClusterFigures {
    let mut figures = ClusterFigures::default();
    for section in Section::ALL {
        if !plan.sections.is_empty() && !plan.sections.contains(&section) {
            continue;
        }
        let before = machine::load();
        match measure_section(section, plan, shelf) {
            Ok((mut rows, notes)) => {
                if let Some(heading) = rows.first_mut() {
                    let loads = (machine::shown(before), machine::shown(machine::load()));
                    heading.title = format!("{} (load {} to {})", heading.title, loads.0, loads.1);
                }
                figures.rows.extend(rows);
                figures.notes.extend(notes);
            }
            Err(error) => figures.notes.push(format!("cluster, {section:?} failed: {error:#}")),
        }
    }
    figures
}

fn measure_section(section: Section, plan: &Plan, shelf: &Shelf) -> Result<(Vec<Row>, Vec<String>)> {
    let binary: &Path = &plan.binary;
    match section {
        Section::Writes => writes::measure(binary, shelf, plan.lasts),
        Section::Recovery => recovery::measure(binary, shelf),
        Section::Pushing => pushing::measure(binary, shelf, &plan.component, (plan.is_scaled, plan.seed)),
        Section::Plugins => plugins::measure(binary, shelf, &plan.component, plan.seed),
        Section::Queries => queries::measure(binary, shelf, &plan.component, plan.seed),
        Section::Idle => idle::measure(binary, shelf),
    }
}
