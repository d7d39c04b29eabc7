//! `vraftls check`: the diagnostics of a tree.

mod formats;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use futures_util::StreamExt;
use vraftls_index::Diagnostic;
use vraftls_proto::{Answer, Query};
use vraftls_vfs::VfsPath;

use crate::embedded::Asker;
use crate::exit::Exit;
use crate::folder::FolderArguments;
use crate::progress;

/// Files that are asked about at once; the engines decide how many run.
const IN_FLIGHT_MAX: usize = 4;

/// How long one file may take.
const FILE_DEADLINE: Duration = Duration::from_secs(120);

#[derive(Args)]
pub(crate) struct CheckArguments {
    /// The folder
    #[arg(default_value = ".")]
    directory: PathBuf,

    /// How to print what is found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    #[command(flatten)]
    folder: FolderArguments,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: source lines, colors
    Text,
    /// One JSON array; lines and columns from 1, columns in characters
    Json,
    /// Workflow commands of GitHub Actions: findings are shown beside the lines of a change
    Github,
    /// A SARIF 2.1.0 log, for code scanning services
    Sarif,
}

struct FileReport {
    path: VfsPath,
    text: Arc<str>,
    found: Arc<[Diagnostic]>,
}

#[tokio::main]
pub(crate) async fn run(arguments: &CheckArguments) -> anyhow::Result<Exit> {
    let asker = Asker::open("vraftls check", &arguments.directory, &arguments.folder).await?;
    let reports = collect(&asker).await;
    let ended = asker.close().await;
    let reports = reports?;
    ended?;
    print(&reports, arguments.format)?;
    let has_errors = reports.iter().flat_map(|report| report.found.iter()).any(|found| found.severity == 1);
    Ok(if has_errors { Exit::Found } else { Exit::Done })
}

async fn collect(asker: &Asker) -> anyhow::Result<Vec<FileReport>> {
    let listed = progress::show_while(asker.progress(), asker.ask(Query::Files, FILE_DEADLINE)).await?;
    let Answer::Files(files) = listed.answer else {
        anyhow::bail!("the node answered another question");
    };
    let bar = progress::bar("checking");
    bar.set_length(files.len() as u64);
    let each = futures_util::stream::iter(files).map(|path| async {
        let report = check_file(asker, path).await;
        bar.inc(1);
        report
    });
    let reports: Vec<anyhow::Result<FileReport>> = each.buffered(IN_FLIGHT_MAX).collect().await;
    bar.finish_and_clear();
    reports.into_iter().collect()
}

async fn check_file(asker: &Asker, path: VfsPath) -> anyhow::Result<FileReport> {
    let query = Query::Diagnostics { path: path.clone() };
    let answered = asker.ask(query, FILE_DEADLINE).await.with_context(|| format!("cannot check {path}"))?;
    let Answer::Diagnostics(found) = &answered.answer else { anyhow::bail!("the node answered another question") };
    let text = if found.is_empty() { Arc::from("") } else { asker.text_seen(&answered, &path).await? };
    Ok(FileReport { found: Arc::clone(found), path, text })
}

#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn print(reports: &[FileReport], format: Format) -> anyhow::Result<()> {
    match format {
        Format::Text => println!("{}", formats::text(reports)),
        Format::Json => println!("{}", serde_json::to_string_pretty(&formats::json(reports))?),
        Format::Github => print!("{}", formats::github(reports)),
        Format::Sarif => println!("{}", serde_json::to_string_pretty(&formats::sarif(reports))?),
    }
    Ok(())
}
