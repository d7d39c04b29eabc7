//! What `std` shows of `core` and `alloc`, where its sources are not known.

#![no_std]

extern crate alloc as alloc_crate;
extern crate core;

pub use alloc_crate::{borrow, boxed, collections, rc, string, vec};
pub use alloc_crate::{dbg, eprintln, format, println, vec};
pub use core::{
    assert, assert_eq, assert_ne, cell, clone, cmp, concat, convert, debug_assert, debug_assert_eq, debug_assert_ne, default, env, fmt, future, hash, include, include_bytes, iter, marker,
    matches, mem, ops, option, option_env, panic, pin, print, ptr, result, slice, str, task, todo, unimplemented, unreachable, write,
    writeln,
};

pub mod sync {
    pub use alloc_crate::sync::Arc;
}

pub mod prelude {
    pub mod v1 {
        pub use alloc_crate::beside::{SliceBeside, TextBeside};
        pub use alloc_crate::borrow::ToOwned;
        pub use alloc_crate::boxed::Box;
        pub use alloc_crate::string::{String, ToString};
        pub use alloc_crate::vec::Vec;
        pub use core::beside::IteratorBeside;
        pub use core::prelude::v1::*;
    }

    pub mod rust_2015 {
        pub use super::v1::*;
    }

    pub mod rust_2018 {
        pub use super::v1::*;
    }

    pub mod rust_2021 {
        pub use super::v1::*;
    }

    pub mod rust_2024 {
        pub use super::v1::*;
    }
}
