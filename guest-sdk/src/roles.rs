//! The role bits of an occurrence (`indexing.facts` of the contract).

/// Defines the name.
pub const DEFINES: u32 = 1;
/// Refers to it.
pub const REFERS: u32 = 2;
/// Imports it.
pub const IMPORTS: u32 = 4;
/// Writes it.
pub const WRITES: u32 = 8;
/// Is an attribute or member.
pub const ATTRIBUTE: u32 = 16;
/// Is the name of a keyword argument.
pub const KEYWORD: u32 = 32;
/// Stands in a string that the language reads as code.
pub const IN_STRING: u32 = 64;
/// Is a parameter.
pub const PARAMETER: u32 = 128;
/// Is local to a function.
pub const LOCAL: u32 = 256;
