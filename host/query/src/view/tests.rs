//! A view against a model that is one map.
