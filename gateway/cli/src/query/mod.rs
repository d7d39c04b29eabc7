//! `vraftls query`: one question, one answer.

mod answer;
mod question;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::ask::Answer;
use crate::client::{Opening, Session};
use crate::exit::Exit;
use crate::folder::FolderArguments;
use crate::progress;
use crate::serving::Stay;
use question::Question;

#[derive(Args)]
pub(crate) struct QueryArguments {
    #[command(subcommand)]
    question: Question,

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

#[tokio::main]
pub(crate) async fn run(arguments: &QueryArguments) -> anyhow::Result<Exit> {
    let opening = Opening {
        n_symbols_max: match &arguments.question {
            Question::Symbols { limit, .. } => Some(*limit),
            _ => None,
        },
        ..Opening::new(
            "vraftls query",
            Stay::Passing,
            &arguments.root,
            &arguments.folder,
            Duration::from_secs(arguments.deadline),
        )
    };
    let session = Session::open(&opening).await?;
    let answered = async {
        session.catch_up_if_attached().await?;
        if let Some(file) = arguments.question.file().and_then(|file| file.canonicalize().ok()) {
            session.open_outside(&file).await?;
        }
        answer::answer(&session, &arguments.question).await
    };
    let answered = progress::show_while(session.work(), answered).await;
    let is_partial = session.n_partial() > 0;
    let exit = answered.and_then(|answered| {
        anyhow::ensure!(!is_partial, "only a part of the workspace could be asked");
        print(&answered, arguments.json)
    });
    session.close().await?;
    exit
}

#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn print(answer: &Answer, as_json: bool) -> anyhow::Result<Exit> {
    if as_json {
        println!("{}", serde_json::to_string_pretty(&answer.json)?);
    } else {
        answer.lines.iter().for_each(|line| println!("{line}"));
    }
    Ok(if answer.is_empty { Exit::Found } else { Exit::Done })
}
