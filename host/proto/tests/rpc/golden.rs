//! The bytes of version 1, which every later release must read.
//!
//! Lines of `golden/` are never changed, only added. A new format version adds a file and keeps this one; then the test that the bytes
//! are what is written goes for the old one, and the one that they are read stays.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};

use serde::Serialize;
use serde::de::DeserializeOwned;
use vraftls_proto::rpc::{BULK_BYTES_MAX, decode, encode};

use super::samples::{self, Visit};

const VERSION_1: &str = include_str!("golden/version-1.txt");

/// Lines of a name and of bytes in hexadecimal digits.
fn known() -> BTreeMap<&'static str, Vec<u8>> {
    let byte = |at: usize, hex: &str| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    let line = |line: &'static str| {
        let (name, hex) = line.split_once(' ').unwrap();
        (name, (0..hex.len()).step_by(2).map(|at| byte(at, hex)).collect())
    };
    VERSION_1.lines().map(line).collect()
}

#[test]
fn version_1_is_these_bytes() {
    struct Compare {
        known: BTreeMap<&'static str, Vec<u8>>,
        unequal: String,
    }

    impl Visit for Compare {
        fn visit<M: Serialize + DeserializeOwned + PartialEq + Debug>(&mut self, name: &str, message: M) {
            let bytes = encode(&message, BULK_BYTES_MAX).unwrap();
            let known = self.known.remove(name);
            if let Some(known) = &known {
                assert_eq!(decode::<M>(known, BULK_BYTES_MAX).as_ref(), Ok(&message), "{name}");
            }
            if known.as_ref() != Some(&bytes) {
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                writeln!(self.unequal, "{name} {hex}").unwrap();
            }
        }
    }

    let mut compare = Compare { known: known(), unequal: String::new() };
    samples::each(&mut compare);
    assert!(compare.unequal.is_empty(), "written today, and not as in golden/version-1.txt:\n{}", compare.unequal);
    assert!(compare.known.is_empty(), "no sample for {:?}", compare.known.keys());
}
