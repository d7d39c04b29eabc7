//! What `gateway/editors/emacs` has: it compiles without a warning, tells either client of the server, and Eglot speaks with it.

use tokio::process::Command;
use vraftls_harness::{Project, Server};

use super::{in_tree, orders, succeed};

/// Stands in for both clients, after the file was loaded, as when a person's init file loads it first.
const CHECK: &str = r#"
(progn
  (require 'cl-lib)
  (defvar eglot-server-programs '((python-mode "other")))
  (provide 'eglot)
  (let ((contact (cdr (cl-find-if (lambda (entry) (memq 'python-mode (ensure-list (car entry)))) eglot-server-programs))))
    (cl-assert (equal (funcall contact nil) '("vraftls" "lsp")) t))
  (defvar lsp-language-id-configuration nil)
  (defvar registered nil)
  (defun lsp-stdio-connection (command) (funcall command))
  (defun lsp-activate-on (&rest languages) languages)
  (defun make-lsp-client (&rest slots) slots)
  (defun lsp-register-client (client) (setq registered client))
  (provide 'lsp-mode)
  (cl-assert (equal (plist-get registered :new-connection) '("vraftls" "lsp")) t)
  (cl-assert (equal (plist-get registered :activation-fn) '("python")) t)
  (cl-assert (equal (cdr (assq 'python-mode lsp-language-id-configuration)) "python") t)
  (princ "as it should be"))
"#;

/// A session of the real Eglot. The command of the server stands in front.
const SESSION: &str = r#"
(progn
  (require 'eglot)
  (require 'cl-lib)
  (setq eglot-sync-connect t eglot-connect-timeout 120 vraftls-settings '(:python (:version "3.12")))
  (vraftls-setup-eglot)
  (find-file "src/orders/pricing.py")
  (call-interactively #'eglot)
  (let ((server (eglot-current-server)) (backend (xref-find-backend)))
    (cl-assert server t)
    (goto-char (point-min))
    (search-forward "line.pri")
    (dolist (found (xref-backend-definitions backend (xref-backend-identifier-at-point backend)))
      (princ (format "%s %s" (file-relative-name (xref-location-group (xref-item-location found)) root)
                     (xref-item-summary found))))
    (eglot-shutdown server nil 120)))
"#;

/// Emacs without a screen or anybody's settings, in the project.
fn emacs(folder: &Project) -> Command {
    let mut command = Command::new("emacs");
    command.args(["-q", "--batch", "-L"]).arg(folder.root()).current_dir(folder.root()).env("HOME", folder.root());
    command
}

fn with_library() -> Project {
    let folder = orders();
    std::fs::copy(in_tree("gateway/editors/emacs/vraftls.el"), folder.path("vraftls.el")).unwrap();
    folder
}

#[tokio::test]
async fn the_library_compiles_and_tells_both_clients_of_the_server() {
    let folder = with_library();
    let strict = "(setq byte-compile-error-on-warn t)";
    succeed(emacs(&folder).args(["--eval", strict, "-f", "batch-byte-compile", "vraftls.el"])).await;
    assert!(folder.path("vraftls.elc").is_file());
    let said = succeed(emacs(&folder).args(["-l", "vraftls", "--eval", CHECK])).await;
    assert_eq!(said, "as it should be");
}

#[tokio::test]
async fn eglot_jumps_in_a_project() {
    let (folder, server) = (with_library(), Server::with_plugins(&["python"]));
    // The root of the project is where Emacs sees a repository.
    folder.write(".git/HEAD", "ref: refs/heads/main\n");
    let words: Vec<String> = server.command_line().iter().map(|word| format!("{:?}", word.to_str().unwrap())).collect();
    let setup = format!("(setq root {:?} vraftls-command '({}))", folder.root(), words.join(" "));
    let said = succeed(emacs(&folder).args(["-l", "vraftls", "--eval", &setup, "--eval", SESSION])).await;
    assert!(said.contains("src/orders/model.py") && said.contains("def price"), "{said}");
}
