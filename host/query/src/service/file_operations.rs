//! Edits that keep files right when others move: every analyzer is asked, and all edits are there or none.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::time::Instant;
use vraftls_proto::{Answer, DocumentEdit, FileMove, QueryError, Request};
use vraftls_text::TextEdit;
use vraftls_vfs::VfsPath;

use crate::analyzers::Served;
use crate::answers::CachedAnswer;
use crate::failure::Failure;
use crate::service::call::Call;
use crate::service::pin::Pinned;
use crate::{QueryService, Question, Reply};

impl QueryService {
    /// The edits of files that move, by path.
    pub(super) async fn will_rename(
        &self,
        request: &Request,
        deadline: Instant,
        pinned: Pinned,
        moves: &[FileMove],
    ) -> Result<CachedAnswer, Failure> {
        let Some(first) = moves.first() else {
            return Err(QueryError::InvalidInput("nothing moves".to_owned()).into());
        };
        let mut files: BTreeMap<VfsPath, Vec<TextEdit>> = BTreeMap::new();
        let mut last = None;
        for analyzer in pinned.analyzers.iter().filter(|it| it.description().features.file_operations) {
            // A directory has no suffix that says whose it is: the analyzer knows.
            let language = analyzer.description().languages.first().map_or("", |language| &language.id).into();
            let served = Served { analyzer: Arc::clone(analyzer), language };
            let call = self.call_of(request, deadline, pinned.clone(), served).await?;
            for file in self.edits_of_one(&call, moves).await? {
                files.entry(file.path).or_default().extend(file.edits);
            }
            last = Some(call);
        }
        let Some(call) = last else {
            return Err(QueryError::NoAnalyzer(first.old.clone()).into());
        };
        let edits = self.settle_all(&call, files).await?;
        self.answered(&call, Answer::Edits(edits)).await
    }

    async fn edits_of_one(&self, call: &Call<'_>, moves: &[FileMove]) -> Result<Vec<DocumentEdit>, Failure> {
        let index = self.whole_index(call).await?;
        let question = Question::WillRename { moves: moves.to_vec() };
        match self.ask_engine(call, Some(index), question).await? {
            Reply::Edits(edits) => Ok(edits),
            _ => Err(call.bad_reply("no edits")),
        }
    }
}
