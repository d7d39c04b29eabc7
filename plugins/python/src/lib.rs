//! The Python analyzer.
