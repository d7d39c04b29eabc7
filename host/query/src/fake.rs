//! A made-up language, analyzer and workspace in memory.
