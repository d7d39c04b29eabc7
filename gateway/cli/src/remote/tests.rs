//! The port above a node that says what a test has it say.

mod node;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use vraftls_gateway::{Backend, Folder};
use vraftls_proto::{
    Answer, OverlayFile, OverlaySet, Query, QueryError, Request, Save, SaveBase, SaveOutcome, SessionId,
};
use vraftls_vfs::{ContentDigest, Revision, WorkspaceId, WorkspaceName};

use super::{Disk, Remote};
use node::{FakeNode, path};

/// How long anything may take that is not meant to fail.
const SOON: Duration = Duration::from_secs(30);

struct Scene {
    node: FakeNode,
    remote: Arc<Remote>,
    directory: TempDir,
}

impl Scene {
    async fn new(workspaces: &[&'static str], files: &[(&str, &str)], wanted: Option<&str>) -> Self {
        Self::on(Disk::OfEditors, workspaces, files, wanted).await
    }

    async fn on(disk: Disk, workspaces: &[&'static str], files: &[(&str, &str)], wanted: Option<&str>) -> Self {
        let node = FakeNode::start(workspaces, files).await;
        let directory = tempfile::tempdir().expect("a scratch directory");
        let wanted = wanted.map(|name| WorkspaceName::new(name).expect("a name"));
        let remote = Remote::new(node.connect().await, wanted, &directory.path().join("caches"), disk).await;
        Self { node, remote: remote.expect("the node answers"), directory }
    }

    fn folder(&self, name: &str, files: &[(&str, &str)]) -> std::path::PathBuf {
        let root = self.directory.path().join(name);
        fs::create_dir_all(&root).expect("writable");
        files.iter().for_each(|(name, text)| fs::write(root.join(name), text).expect("writable"));
        root
    }

    async fn open(&self, root: &Path) -> Result<Folder, QueryError> {
        let opened = tokio::time::timeout(SOON, self.remote.open_folder(root.to_owned()));
        opened.await.expect("a folder opens or fails")
    }

    async fn files(&self, folder: &Folder, overlays: &[(&str, &str)]) -> Vec<(String, ContentDigest)> {
        self.try_files(folder, overlays).await.expect("it is answered")
    }

    async fn try_files(
        &self,
        folder: &Folder,
        overlays: &[(&str, &str)],
    ) -> Result<Vec<(String, ContentDigest)>, QueryError> {
        let overlay = |(name, text): &(&str, &str)| {
            let digest = ContentDigest::of(text.as_bytes());
            (path(name), OverlayFile { digest, text: (*text).into(), language: "python".into() })
        };
        let request = Request {
            workspace: folder.workspace,
            session: SessionId(3),
            overlays: Arc::new(overlays.iter().map(overlay).collect::<OverlaySet>()),
            settings: Arc::default(),
            at_least: Revision(0),
            deadline: SOON,
            query: Query::Files,
        };
        let answered = self.remote.ask(request).await?;
        let Answer::Files(files) = answered.answer else { panic!("another answer") };
        let digest = |file: &_| answered.digests.iter().find(|(path, _)| path == file).map(|(_, digest)| *digest);
        Ok(files.into_iter().map(|file| (file.to_string(), digest(&file).expect("each has one"))).collect())
    }

    async fn catch_up(&self, folder: &Folder) {
        let caught_up = tokio::time::timeout(SOON, self.remote.catch_up(folder.workspace)).await;
        caught_up.expect("it is looked at").expect("it can be compared");
    }
}

fn has(files: &[(&str, &str)]) -> Vec<(String, ContentDigest)> {
    files.iter().map(|(name, text)| ((*name).to_owned(), ContentDigest::of(text.as_bytes()))).collect()
}

#[tokio::test]
async fn a_question_brings_along_what_differs_and_what_is_unsaved() {
    let scene = Scene::new(&["w"], &[("a.py", "a"), ("b.py", "b"), ("gone.py", "x")], None).await;
    let root = scene.folder("tree", &[("a.py", "a"), ("b.py", "changed"), ("new.py", "new")]);
    let folder = scene.open(&root).await.expect("it opens");
    let files = scene.files(&folder, &[]).await;
    assert_eq!(files, has(&[("a.py", "a"), ("b.py", "changed"), ("new.py", "new")]));
    let files = scene.files(&folder, &[("new.py", "typed")]).await;
    assert_eq!(files, has(&[("a.py", "a"), ("b.py", "changed"), ("new.py", "typed")]));
    let asked = scene.node.asked_last();
    assert_eq!((asked.request.workspace, asked.request.overlays.len()), (WorkspaceId(10), 3));
    assert_eq!(asked.at_least.get(1), Some(Revision(1)));

    // Places are worked out in the text that is here, or in the one that the cluster has.
    let lines = |name: &'static str, text: &'static str| {
        scene.remote.line_index(folder.workspace, path(name), ContentDigest::of(text.as_bytes()))
    };
    assert!(lines("b.py", "changed").await.is_ok() && lines("a.py", "a").await.is_ok());
    assert!(matches!(lines("a.py", "never").await, Err(QueryError::Unavailable(_))));
}

#[tokio::test]
async fn a_file_that_is_gone_is_there_again_with_a_buffer_and_no_older_node_answers_as_if_it_were() {
    let scene = Scene::new(&["w"], &[("a.py", "a"), ("gone.py", "x")], None).await;
    let root = scene.folder("tree", &[("a.py", "a")]);
    let folder = scene.open(&root).await.expect("it opens");
    assert_eq!(scene.files(&folder, &[]).await, has(&[("a.py", "a")]));
    assert!(scene.node.asked_last().request.overlays.removed().eq([&path("gone.py")]));
    assert_eq!(scene.files(&folder, &[("gone.py", "")]).await, has(&[("a.py", "a"), ("gone.py", "")]));

    scene.node.lock().is_old = true;
    let refused = scene.try_files(&folder, &[]).await.expect_err("an older node would show what is gone");
    assert!(matches!(&refused, QueryError::Unavailable(why) if why.contains("no question 14")), "{refused:?}");
    // What does not need it is asked as ever.
    assert_eq!(scene.files(&folder, &[("gone.py", "")]).await, has(&[("a.py", "a"), ("gone.py", "")]));
    fs::write(root.join("gone.py"), "x").expect("writable");
    scene.catch_up(&folder).await;
    assert_eq!(scene.files(&folder, &[]).await, has(&[("a.py", "a"), ("gone.py", "x")]));
}

#[tokio::test]
async fn two_folders_of_a_workspace_do_not_see_each_other() {
    let scene = Scene::new(&["w", "other"], &[("a.py", "a")], Some("w")).await;
    let (one, two) = (scene.folder("one", &[("a.py", "one")]), scene.folder("two", &[("a.py", "a"), ("b.py", "b")]));
    let (one, two) = (scene.open(&one).await.expect("it opens"), scene.open(&two).await.expect("it opens"));
    assert_ne!(one.workspace, two.workspace);
    assert_eq!(scene.files(&one, &[]).await, has(&[("a.py", "one")]));
    assert_eq!(scene.files(&two, &[]).await, has(&[("a.py", "a"), ("b.py", "b")]));
    let again = scene.open(&one.root).await.expect("it opens again");
    assert_eq!(again.workspace, one.workspace);
    // A folder of another machine is the workspace as it is.
    let away = scene.open(Path::new("/nowhere/at all")).await.expect("it opens");
    assert_eq!(scene.files(&away, &[]).await, has(&[("a.py", "a")]));
}

#[tokio::test]
async fn nothing_is_read_from_a_disk_that_is_not_the_editors() {
    let scene = Scene::on(Disk::OfNobody, &["w"], &[("a.py", "a")], None).await;
    let root = scene.folder("tree", &[("a.py", "of this machine"), ("secret.py", "of this machine")]);
    let folder = scene.open(&root).await.expect("it opens");
    assert_eq!(scene.files(&folder, &[]).await, has(&[("a.py", "a")]));
    scene.catch_up(&folder).await;
    assert_eq!(scene.files(&folder, &[("b.py", "typed")]).await, has(&[("a.py", "a"), ("b.py", "typed")]));
    let digest = ContentDigest::of(b"of this machine");
    assert!(scene.remote.line_index(folder.workspace, path("secret.py"), digest).await.is_err());
}

#[tokio::test]
async fn what_is_saved_and_what_is_pushed_is_compared_again() {
    let scene = Scene::new(&["w"], &[("a.py", "a")], None).await;
    let root = scene.folder("tree", &[("a.py", "a")]);
    let mut folder = scene.open(&root).await.expect("it opens");
    assert_eq!(scene.files(&folder, &[]).await, has(&[("a.py", "a")]));
    let before = folder.state.borrow_and_update().revision;
    fs::write(root.join("a.py"), "saved").expect("writable");
    let save = Save {
        workspace: folder.workspace,
        session: SessionId(3),
        path: path("a.py"),
        base: SaveBase::Contents(ContentDigest::of(b"a")),
        text: "saved".into(),
        recent: Vec::new(),
    };
    let outcome = tokio::time::timeout(SOON, scene.remote.save(save)).await.expect("it is looked at");
    assert_eq!(outcome, SaveOutcome::Saved(ContentDigest::of(b"saved")));
    assert_eq!(scene.files(&folder, &[]).await, has(&[("a.py", "saved")]));
    assert!(folder.state.borrow_and_update().revision > before, "others look at it again");
    let standings = scene.remote.standings(folder.workspace, SessionId(3), vec![path("a.py"), path("z.py")]).await;
    let standings: Vec<_> = standings.expect("known").into_iter().map(|standing| standing.contents).collect();
    assert_eq!(standings, [Some(ContentDigest::of(b"saved")), None]);

    // What was pushed is no difference any more, and no later answer is of an older base.
    scene.node.push("a.py", "saved");
    scene.catch_up(&folder).await;
    assert_eq!(scene.files(&folder, &[]).await, has(&[("a.py", "saved")]));
    let asked = scene.node.asked_last();
    assert!(asked.request.overlays.is_empty());
    assert_eq!(asked.at_least.get(1), Some(Revision(2)));

    // That the workspace moves on is heard without asking.
    folder.state.borrow_and_update();
    scene.node.push("b.py", "somebody's");
    tokio::time::timeout(SOON, folder.state.changed()).await.expect("it is heard").expect("the folder is open");
}

#[tokio::test]
async fn a_folder_that_differs_in_too_much_is_refused() {
    let scene = Scene::new(&["w"], &[], None).await;
    let root = scene.folder("tree", &[]);
    for n in 0..=super::differences::N_FILES_MAX {
        fs::write(root.join(format!("{n}.py")), "x").expect("writable");
    }
    let refused = scene.open(&root).await.expect_err("too much differs");
    assert!(matches!(&refused, QueryError::InvalidInput(why) if why.contains("vraftls workspace push")), "{refused}");
    // It is looked at anew when it is opened again.
    fs::remove_file(root.join("0.py")).expect("it is there");
    let folder = scene.open(&root).await.expect("it opens");
    assert_eq!(scene.files(&folder, &[]).await.len(), super::differences::N_FILES_MAX);
}

#[tokio::test]
async fn sessions_hear_of_another_analyzer_and_nodes_of_their_end() {
    let scene = Scene::new(&["w"], &[], None).await;
    let root = scene.folder("tree", &[]);
    let folder = scene.open(&root).await.expect("it opens");
    scene.files(&folder, &[]).await;
    let mut changed = scene.remote.analyzers_changed();
    changed.borrow_and_update();
    scene.node.replace_analyzer("2.0.0");
    tokio::time::timeout(SOON, changed.changed()).await.expect("it is heard").expect("somebody says so");
    assert_eq!(scene.remote.analyzers()[0].version, "2.0.0");
    let status = scene.remote.status().await;
    assert_eq!((status.sessions, status.folders[0].workspace.as_deref()), (1, Some("w")));

    scene.remote.session_ended(SessionId(3));
    assert_eq!(scene.remote.status().await.sessions, 0);
    let told = async {
        while scene.node.lock().ended.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, told).await.expect("the node is told");
    // Nobody follows the folder any more.
    drop(folder);
    scene.remote.session_ended(SessionId(4));
    assert!(scene.remote.folders().is_empty());
}
