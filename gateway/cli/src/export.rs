//! `vraftls export`: what is known of a tree, in a file that other tools read.

mod index;
mod kinds;
mod locals;
mod symbols;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};
use futures_util::StreamExt;
use protobuf::Message;
use vraftls_gateway::ls_types::{TextDocumentIdentifier, Uri};
use vraftls_gateway::{DocumentOccurrences, FilesRequest, OccurrencesParams, OccurrencesRequest, uri_of_path};

use crate::client::{Opening, Session};
use crate::exit::{Exit, complain};
use crate::folder::FolderArguments;
use crate::place::shown;
use crate::progress;
use crate::serving::Stay;
use index::About;
use symbols::Package;

/// Files that are asked about at once; the engines decide how many run.
const IN_FLIGHT_MAX: usize = 4;

/// How long one file may take.
const FILE_DEADLINE: Duration = Duration::from_secs(120);

#[derive(Args)]
pub(crate) struct ExportArguments {
    #[command(subcommand)]
    format: FormatCommand,
}

#[derive(Subcommand)]
enum FormatCommand {
    /// An index in the SCIP format: definitions, references, documentation and relations of all names; exit with 1 if it lacks files
    Scip(ScipArguments),
}

#[derive(Args)]
struct ScipArguments {
    /// The folder
    #[arg(default_value = ".")]
    directory: PathBuf,

    /// Where the index goes; what is there is replaced when it is done
    #[arg(long, short, value_name = "FILE", default_value = "index.scip")]
    output: PathBuf,

    /// The package that the folder is, by which indexes of others refer to it
    #[arg(long, value_name = "NAME", default_value = "")]
    package: String,

    /// The version of the package
    #[arg(long, value_name = "VERSION", default_value = "")]
    package_version: String,

    #[command(flatten)]
    folder: FolderArguments,
}

#[tokio::main]
pub(crate) async fn run(arguments: &ExportArguments) -> anyhow::Result<Exit> {
    let FormatCommand::Scip(arguments) = &arguments.format;
    let (directory, folder) = (&arguments.directory, &arguments.folder);
    let opening = Opening::new("vraftls export", Stay::Passing, directory, folder, FILE_DEADLINE);
    let session = Session::open(&opening).await?;
    let exported = export(&session, arguments).await;
    session.close().await?;
    exported
}

async fn export(session: &Session, arguments: &ScipArguments) -> anyhow::Result<Exit> {
    let asked = collect(session).await?;
    let (mut found, mut n_missing) = (Vec::with_capacity(asked.len()), 0);
    for answer in asked {
        match answer {
            Ok(document) => found.push(document),
            Err(error) => {
                complain(&error);
                n_missing += 1;
            }
        }
    }
    let root = uri_of_path(session.root()).with_context(|| format!("{} is not UTF-8", session.root().display()))?;
    let about = About {
        root_uri: root.as_str().to_owned(),
        package: Package { name: arguments.package.clone(), version: arguments.package_version.clone() },
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let output = arguments.output.clone();
    let making = tokio::task::spawn_blocking(move || {
        let index = index::index(&about, &found)?;
        write(&output, &index).with_context(|| format!("cannot write {}", output.display()))
    });
    making.await.context("the index was lost")??;
    if n_missing == 0 {
        return Ok(Exit::Done);
    }
    complain(&anyhow::anyhow!("{} lacks {n_missing} files", arguments.output.display()));
    Ok(Exit::Found)
}

/// What the names of each file lead to, or why that is not known.
async fn collect(session: &Session) -> anyhow::Result<Vec<anyhow::Result<DocumentOccurrences>>> {
    let n_partial = session.n_partial();
    let listed = async {
        session.catch_up_if_attached().await?;
        session.ask::<FilesRequest>(()).await
    };
    let files = progress::show_while(session.work(), listed).await?;
    anyhow::ensure!(session.n_partial() == n_partial, "not all files of the tree could be listed");
    let bar = progress::bar("resolving");
    bar.set_length(files.len() as u64);
    let each = futures_util::stream::iter(files).map(|uri| async {
        let found = ask(session, uri).await;
        bar.inc(1);
        found
    });
    let found = each.buffered(IN_FLIGHT_MAX).collect().await;
    bar.finish_and_clear();
    Ok(found)
}

async fn ask(session: &Session, uri: Uri) -> anyhow::Result<DocumentOccurrences> {
    let path = shown(session.root(), &uri);
    let params = OccurrencesParams { text_document: TextDocumentIdentifier { uri } };
    session.ask::<OccurrencesRequest>(params).await.with_context(|| format!("cannot resolve the names of {path}"))
}

/// Writes an index beside its place and then into it: whoever reads sees the old one or the new one.
fn write(output: &Path, index: &impl Message) -> anyhow::Result<()> {
    let mut name = output.file_name().context("it is no name of a file")?.to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = output.with_file_name(name);
    let written = write_part(&part, index).and_then(|()| Ok(fs::rename(&part, output)?));
    if written.is_err() {
        // It may never have come into being.
        drop(fs::remove_file(&part));
    }
    written
}

fn write_part(part: &Path, index: &impl Message) -> anyhow::Result<()> {
    let mut file = io::BufWriter::new(fs::File::create(part)?);
    index.write_to_writer(&mut file)?;
    file.flush()?;
    Ok(file.get_ref().sync_all()?)
}
