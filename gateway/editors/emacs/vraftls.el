;;; vraftls.el --- The VRaftLS language server for Eglot and lsp-mode  -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "26.3"))
;; Keywords: languages, tools
;; SPDX-License-Identifier: MIT OR Apache-2.0

;;; Commentary:

;; Makes `vraftls' the server of Python buffers, in whichever of the two
;; clients is loaded: Eglot, which is part of Emacs 29, or lsp-mode.
;;
;;     (require 'vraftls)
;;     (add-hook 'python-mode-hook #'eglot-ensure)   ; or #'lsp

;;; Code:

(defgroup vraftls nil
  "The VRaftLS language server."
  :group 'tools
  :prefix "vraftls-")

(defcustom vraftls-command '("vraftls" "lsp")
  "The program and its arguments."
  :type '(repeat string)
  :risky t)

(defcustom vraftls-modes '(python-mode python-ts-mode)
  "The major modes whose buffers the server is for."
  :type '(repeat symbol))

(defcustom vraftls-settings nil
  "Settings, as a property list below the section `vraftls'."
  :type '(plist))

(defvar eglot-server-programs)
(defvar eglot-workspace-configuration)
(defvar lsp-language-id-configuration)
(declare-function lsp-register-client "lsp-mode" (client))
(declare-function lsp-stdio-connection "lsp-mode" (command &optional test-command))
(declare-function lsp-activate-on "lsp-mode" (&rest languages))
(declare-function make-lsp-client "lsp-mode" (&rest slots))

(defun vraftls--contact (&rest _)
  "Tell Eglot how to start the server, at the time when it does."
  vraftls-command)

(defun vraftls-setup-eglot ()
  "Make Eglot start the server for `vraftls-modes'."
  ;; In front of what Eglot brings along: the first entry that fits is taken.
  (add-to-list 'eglot-server-programs (cons vraftls-modes #'vraftls--contact))
  (when vraftls-settings
    (setq-default eglot-workspace-configuration (list :vraftls vraftls-settings))))

(defun vraftls-setup-lsp-mode ()
  "Make lsp-mode start the server for `vraftls-modes'."
  (dolist (mode vraftls-modes)
    (add-to-list 'lsp-language-id-configuration (cons mode "python")))
  (lsp-register-client
   (make-lsp-client
    :new-connection (lsp-stdio-connection (lambda () vraftls-command))
    :activation-fn (lsp-activate-on "python")
    ;; Above the servers that lsp-mode brings along.
    :priority 1
    :initialization-options (lambda () vraftls-settings)
    :server-id 'vraftls)))

(with-eval-after-load 'eglot (vraftls-setup-eglot))
(with-eval-after-load 'lsp-mode (vraftls-setup-lsp-mode))

(provide 'vraftls)
;;; vraftls.el ends here
