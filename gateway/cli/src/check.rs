//! `vraftls check`: the diagnostics of a tree.

mod formats;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use futures_util::StreamExt;
use vraftls_gateway::ls_types::Uri;
use vraftls_gateway::{FilesRequest, path_of_uri};

use crate::client::{Opening, Session};
use crate::exit::Exit;
use crate::finding::{Finding, findings};
use crate::folder::FolderArguments;
use crate::place::shown;
use crate::progress;
use crate::serving::Stay;
use crate::source;

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
    /// As it is shown.
    path: String,
    /// Of a file with findings, for those who want to see them there.
    text: String,
    found: Vec<Finding>,
}

#[tokio::main]
pub(crate) async fn run(arguments: &CheckArguments) -> anyhow::Result<Exit> {
    let (directory, folder) = (&arguments.directory, &arguments.folder);
    let opening = Opening::new("vraftls check", Stay::Passing, directory, folder, FILE_DEADLINE);
    let session = Session::open(&opening).await?;
    let reports = collect(&session, arguments.format == Format::Text).await;
    let exit = reports.and_then(|reports| {
        print(&reports, arguments.format)?;
        let has_errors = reports.iter().flat_map(|report| report.found.iter()).any(|found| found.severity == 1);
        Ok(if has_errors { Exit::Found } else { Exit::Done })
    });
    session.close().await?;
    exit
}

async fn collect(session: &Session, with_text: bool) -> anyhow::Result<Vec<FileReport>> {
    let listed = async {
        session.catch_up_if_attached().await?;
        session.ask::<FilesRequest>(()).await
    };
    let files = progress::show_while(session.work(), listed).await?;
    anyhow::ensure!(session.n_partial() == 0, "not all files of the folder could be listed");
    let bar = progress::bar("checking");
    bar.set_length(files.len() as u64);
    let each = futures_util::stream::iter(files).map(|uri| async {
        let report = check_file(session, uri, with_text).await;
        bar.inc(1);
        report
    });
    let reports: Vec<anyhow::Result<FileReport>> = each.buffered(IN_FLIGHT_MAX).collect().await;
    bar.finish_and_clear();
    reports.into_iter().collect()
}

async fn check_file(session: &Session, uri: Uri, with_text: bool) -> anyhow::Result<FileReport> {
    let path = shown(session.root(), &uri);
    let found = findings(session, uri.clone()).await.with_context(|| format!("cannot check {path}"))?;
    let file = path_of_uri(uri.as_str()).filter(|_| with_text && !found.is_empty());
    let text = match file {
        // One that is gone by now is shown without its text.
        Some(file) => source::text_of(file).await.unwrap_or_default(),
        None => String::new(),
    };
    Ok(FileReport { path, text, found })
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
