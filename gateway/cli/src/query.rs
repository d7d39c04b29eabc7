//! `vraftls query`: one question, one answer.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use vraftls_index::Location;
use vraftls_proto::{Answer, Answered, At, Query};
use vraftls_text::{LineIndex, Span};
use vraftls_vfs::VfsPath;

use crate::embedded::Asker;
use crate::exit::Exit;
use crate::folder::FolderArguments;
use crate::place::{Place, line_and_column};
use crate::progress;

#[derive(Args)]
pub(crate) struct QueryArguments {
    #[command(subcommand)]
    question: QuestionCommand,

    /// The folder
    #[arg(long, global = true, value_name = "DIR", default_value = ".")]
    root: PathBuf,

    /// One JSON value instead of lines for people; lines and columns from 1, columns in characters
    #[arg(long, global = true)]
    json: bool,

    /// Seconds to wait for the answer
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 60)]
    deadline: u64,

    #[command(flatten)]
    folder: FolderArguments,
}

#[derive(Subcommand)]
enum QuestionCommand {
    /// Where the name at a place is defined
    Definition(AtArguments),
    /// Where it is declared
    Declaration(AtArguments),
    /// Where its type is defined
    TypeDefinition(AtArguments),
    /// Where it is used, its definition included
    References(AtArguments),
    /// What is known of it
    Hover(AtArguments),
    /// The symbols whose name matches a text, best first
    Symbols {
        /// As one types it in an editor
        text: String,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
}

#[derive(Args)]
struct AtArguments {
    /// The place, both numbers from 1, columns in characters
    #[arg(long, value_name = "FILE:LINE:COLUMN")]
    at: Place,
}

#[tokio::main]
pub(crate) async fn run(arguments: &QueryArguments) -> anyhow::Result<Exit> {
    let asker = Asker::open("vraftls query", &arguments.root, &arguments.folder).await?;
    let answered = ask(&asker, arguments).await;
    let ended = asker.close().await;
    let exit = answered?;
    ended?;
    Ok(exit)
}

async fn ask(asker: &Asker, arguments: &QueryArguments) -> anyhow::Result<Exit> {
    let query = query_of(asker, &arguments.question).await?;
    let answer = asker.ask(query, Duration::from_secs(arguments.deadline));
    let answered = progress::show_while(asker.progress(), answer).await?;
    anyhow::ensure!(!answered.partial, "only a part of the workspace could be asked");
    let found = match &answered.answer {
        Answer::Targets(targets) => {
            let places = targets.iter().flat_map(|targets| &targets.locations);
            Found::places(asker, &answered, places.map(|location| (&location.path, location.span, None))).await?
        }
        Answer::References(files) => {
            let each = files.iter().flat_map(|file| file.references.iter().map(|one| (&file.path, one.span, None)));
            Found::places(asker, &answered, each).await?
        }
        Answer::Symbols(symbols) => {
            let each = symbols.iter().map(|symbol| {
                let Location { path, span, .. } = &symbol.location;
                (path, *span, Some((symbol.name.as_str(), symbol.container.as_str())))
            });
            Found::places(asker, &answered, each).await?
        }
        Answer::Hover(hover) => Found::Hover(hover.as_ref().map(|hover| {
            json!({ "signature": hover.signature, "language": hover.language, "documentation": hover.documentation })
        })),
        _ => anyhow::bail!("the node answered another question"),
    };
    found.print(arguments.json)
}

async fn query_of(asker: &Asker, question: &QuestionCommand) -> anyhow::Result<Query> {
    Ok(match question {
        QuestionCommand::Definition(at) => Query::Definition(at_of(asker, at).await?),
        QuestionCommand::Declaration(at) => Query::Declaration(at_of(asker, at).await?),
        QuestionCommand::TypeDefinition(at) => Query::TypeDefinition(at_of(asker, at).await?),
        QuestionCommand::References(at) => Query::References { at: at_of(asker, at).await?, include_declaration: true },
        QuestionCommand::Hover(at) => Query::Hover(at_of(asker, at).await?),
        QuestionCommand::Symbols { text, limit } => Query::WorkspaceSymbols { query: text.clone(), limit: *limit },
    })
}

async fn at_of(asker: &Asker, arguments: &AtArguments) -> anyhow::Result<At> {
    let place = &arguments.at;
    let path = asker.path_in_view(&place.file)?;
    let text = asker.text(&path).await?;
    let offset = place.offset(&LineIndex::new(&text)).with_context(|| format!("no such place in {path}"))?;
    Ok(At { path, offset })
}

/// What is printed.
enum Found {
    Places(Vec<Value>),
    Hover(Option<Value>),
}

impl Found {
    async fn places<'a>(
        asker: &Asker,
        answered: &Answered,
        places: impl Iterator<Item = (&'a VfsPath, Span, Option<(&'a str, &'a str)>)>,
    ) -> anyhow::Result<Self> {
        let mut lines = BTreeMap::new();
        let mut found = Vec::new();
        for (path, span, symbol) in places {
            if !lines.contains_key(path) {
                lines.insert(path.clone(), (asker.line_index(answered, path).await?, asker.shown_path(path).await));
            }
            let (index, shown) = &lines[path];
            let ((line, column), (end_line, end_column)) =
                (line_and_column(index, span.start()), line_and_column(index, span.end()));
            let mut place = json!({
                "file": shown, "line": line, "column": column, "end_line": end_line, "end_column": end_column,
            });
            if let Some((name, container)) = symbol {
                place["name"] = name.into();
                place["container"] = container.into();
            }
            found.push(place);
        }
        Ok(Self::Places(found))
    }

    #[expect(clippy::print_stdout, reason = "the answer of the command")]
    fn print(self, as_json: bool) -> anyhow::Result<Exit> {
        let is_empty = matches!(&self, Self::Places(places) if places.is_empty()) || matches!(self, Self::Hover(None));
        match self {
            Self::Places(places) if as_json => println!("{}", serde_json::to_string_pretty(&places)?),
            Self::Hover(hover) if as_json => println!("{}", serde_json::to_string_pretty(&hover)?),
            Self::Places(places) => places.iter().for_each(|place| println!("{}", line_of(place))),
            Self::Hover(hover) => {
                for part in ["signature", "documentation"] {
                    let text = hover.as_ref().and_then(|hover| hover[part].as_str()).unwrap_or_default();
                    if !text.is_empty() {
                        println!("{text}");
                    }
                }
            }
        }
        Ok(if is_empty { Exit::Found } else { Exit::Done })
    }
}

fn line_of(place: &Value) -> String {
    let at = format!("{}:{}:{}", place["file"].as_str().unwrap_or_default(), place["line"], place["column"]);
    match (place["name"].as_str(), place["container"].as_str()) {
        (Some(name), Some("")) => format!("{at}: {name}"),
        (Some(name), Some(container)) => format!("{at}: {container}.{name}"),
        _ => at,
    }
}
