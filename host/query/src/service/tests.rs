//! Answers of a fake analyzer over a fake workspace.
