//! What `alloc` and the rest of the standard library have, as far as inference needs it most often where their sources are not
//! known: types with their signatures alone.

#![no_std]

extern crate core;

use core::beside::Of;
use core::ops::{Deref, DerefMut, Index, IndexMut};

/// Types that are there for what is in them.
macro_rules! pointers {
    ($($name:ident)*) => {$(
        pub struct $name<T: ?Sized>(*const T);

        impl<T> $name<T> {
            pub fn new(value: T) -> $name<T> { loop {} }
        }

        impl<T: ?Sized> Deref for $name<T> {
            type Target = T;
            fn deref(&self) -> &T { loop {} }
        }

        impl<T: ?Sized> DerefMut for $name<T> {
            fn deref_mut(&mut self) -> &mut T { loop {} }
        }

        impl<T: ?Sized> Clone for $name<T> {
            fn clone(&self) -> Self { loop {} }
        }

        impl<T: ?Sized> AsRef<T> for $name<T> {
            fn as_ref(&self) -> &T { loop {} }
        }

        impl<T> From<T> for $name<T> {
            fn from(value: T) -> Self { loop {} }
        }
    )*};
}

/// Types that are lists.
macro_rules! lists {
    ($($name:ident)*) => {$(
        pub struct $name<T>(*const T);

        impl<T> $name<T> {
            pub fn new() -> $name<T> { loop {} }
            pub fn with_capacity(capacity: usize) -> $name<T> { loop {} }
            pub fn len(&self) -> usize { loop {} }
            pub fn is_empty(&self) -> bool { loop {} }
            pub fn clear(&mut self) { loop {} }
            pub fn iter(&self) -> Of<&T> { loop {} }
            pub fn retain<F: FnMut(&T) -> bool>(&mut self, f: F) { loop {} }
        }

        impl<T> core::iter::FromIterator<T> for $name<T> {
            fn from_iter<I: IntoIterator<Item = T>>(iter: I) -> Self { loop {} }
        }

        impl<T> IntoIterator for $name<T> {
            type Item = T;
            type IntoIter = Of<T>;
            fn into_iter(self) -> Of<T> { loop {} }
        }

        impl<'a, T> IntoIterator for &'a $name<T> {
            type Item = &'a T;
            type IntoIter = Of<&'a T>;
            fn into_iter(self) -> Of<&'a T> { loop {} }
        }

        impl<T> Default for $name<T> {
            fn default() -> Self { loop {} }
        }

        impl<T: Clone> Clone for $name<T> {
            fn clone(&self) -> Self { loop {} }
        }

        impl<T> $name<T> {
            pub fn extend<I: IntoIterator>(&mut self, iter: I) { loop {} }
        }
    )*};
}

/// Types that are maps.
macro_rules! maps {
    ($($name:ident)*) => {$(
        pub struct $name<K, V, S = ()>(K, V, S);

        impl<K, V, S> $name<K, V, S> {
            pub fn new() -> Self { loop {} }
            pub fn len(&self) -> usize { loop {} }
            pub fn is_empty(&self) -> bool { loop {} }
            pub fn clear(&mut self) { loop {} }
            pub fn get<Q: ?Sized>(&self, key: &Q) -> Option<&V> { loop {} }
            pub fn get_mut<Q: ?Sized>(&mut self, key: &Q) -> Option<&mut V> { loop {} }
            pub fn contains_key<Q: ?Sized>(&self, key: &Q) -> bool { loop {} }
            pub fn insert(&mut self, key: K, value: V) -> Option<V> { loop {} }
            pub fn remove<Q: ?Sized>(&mut self, key: &Q) -> Option<V> { loop {} }
            pub fn entry(&mut self, key: K) -> Entry<'_, K, V> { loop {} }
            pub fn keys(&self) -> Of<&K> { loop {} }
            pub fn values(&self) -> Of<&V> { loop {} }
            pub fn values_mut(&mut self) -> Of<&mut V> { loop {} }
            pub fn into_values(self) -> Of<V> { loop {} }
            pub fn iter(&self) -> Of<(&K, &V)> { loop {} }
            pub fn iter_mut(&mut self) -> Of<(&K, &mut V)> { loop {} }
            pub fn range<R>(&self, range: R) -> Of<(&K, &V)> { loop {} }
            pub fn extend<I: IntoIterator>(&mut self, iter: I) { loop {} }
        }

        impl<K, V, S> core::iter::FromIterator<(K, V)> for $name<K, V, S> {
            fn from_iter<I: IntoIterator<Item = (K, V)>>(iter: I) -> Self { loop {} }
        }

        impl<K, V, S> IntoIterator for $name<K, V, S> {
            type Item = (K, V);
            type IntoIter = Of<(K, V)>;
            fn into_iter(self) -> Of<(K, V)> { loop {} }
        }

        impl<'a, K, V, S> IntoIterator for &'a $name<K, V, S> {
            type Item = (&'a K, &'a V);
            type IntoIter = Of<(&'a K, &'a V)>;
            fn into_iter(self) -> Of<(&'a K, &'a V)> { loop {} }
        }

        impl<K, V, S> Default for $name<K, V, S> {
            fn default() -> Self { loop {} }
        }

        impl<K, V, S> Clone for $name<K, V, S> {
            fn clone(&self) -> Self { loop {} }
        }

        impl<K, Q: ?Sized, V, S> Index<&Q> for $name<K, V, S> {
            type Output = V;
            fn index(&self, key: &Q) -> &V { loop {} }
        }
    )*};
}

pub mod boxed {
    use super::*;
    pointers!(Box);
}

pub mod rc {
    use super::*;
    pointers!(Rc);
}

pub mod sync {
    use super::*;
    pointers!(Arc);
}

pub mod vec {
    use super::*;
    lists!(Vec);

    impl<T> Vec<T> {
        pub fn push(&mut self, value: T) { loop {} }
        pub fn pop(&mut self) -> Option<T> { loop {} }
        pub fn insert(&mut self, at: usize, value: T) { loop {} }
        pub fn remove(&mut self, at: usize) -> T { loop {} }
        pub fn swap_remove(&mut self, at: usize) -> T { loop {} }
        pub fn truncate(&mut self, len: usize) { loop {} }
        pub fn append(&mut self, other: &mut Vec<T>) { loop {} }
        pub fn drain<R>(&mut self, range: R) -> Of<T> { loop {} }
        pub fn split_off(&mut self, at: usize) -> Vec<T> { loop {} }
        pub fn dedup(&mut self) { loop {} }
        pub fn as_slice(&self) -> &[T] { loop {} }
        pub fn resize(&mut self, len: usize, value: T) { loop {} }
        pub fn extend_from_slice(&mut self, other: &[T]) { loop {} }
    }

    impl<T> Deref for Vec<T> {
        type Target = [T];
        fn deref(&self) -> &[T] { loop {} }
    }

    impl<T> DerefMut for Vec<T> {
        fn deref_mut(&mut self) -> &mut [T] { loop {} }
    }

    impl<T, I: core::slice::SliceIndex<[T]>> Index<I> for Vec<T> {
        type Output = I::Output;
        fn index(&self, index: I) -> &I::Output { loop {} }
    }

    impl<T, I: core::slice::SliceIndex<[T]>> IndexMut<I> for Vec<T> {
        fn index_mut(&mut self, index: I) -> &mut I::Output { loop {} }
    }
}

pub mod collections {
    use super::*;
    lists!(VecDeque HashSet BTreeSet BinaryHeap);
    maps!(HashMap BTreeMap);

    pub mod hash_map {
        pub use super::{Entry, HashMap};
    }

    pub mod btree_map {
        pub use super::{BTreeMap, Entry};
    }

    pub struct Entry<'a, K, V>(&'a mut (K, V));

    impl<'a, K, V> Entry<'a, K, V> {
        pub fn or_insert(self, value: V) -> &'a mut V { loop {} }
        pub fn or_insert_with<F: FnOnce() -> V>(self, f: F) -> &'a mut V { loop {} }
        pub fn or_default(self) -> &'a mut V { loop {} }
        pub fn and_modify<F: FnOnce(&mut V)>(self, f: F) -> Self { loop {} }
        pub fn key(&self) -> &K { loop {} }
    }

    impl<T> VecDeque<T> {
        pub fn push_back(&mut self, value: T) { loop {} }
        pub fn push_front(&mut self, value: T) { loop {} }
        pub fn pop_back(&mut self) -> Option<T> { loop {} }
        pub fn pop_front(&mut self) -> Option<T> { loop {} }
        pub fn front(&self) -> Option<&T> { loop {} }
        pub fn back(&self) -> Option<&T> { loop {} }
    }

    impl<T> HashSet<T> {
        pub fn insert(&mut self, value: T) -> bool { loop {} }
        pub fn contains<Q: ?Sized>(&self, value: &Q) -> bool { loop {} }
        pub fn remove<Q: ?Sized>(&mut self, value: &Q) -> bool { loop {} }
    }

    impl<T> BTreeSet<T> {
        pub fn insert(&mut self, value: T) -> bool { loop {} }
        pub fn contains<Q: ?Sized>(&self, value: &Q) -> bool { loop {} }
        pub fn remove<Q: ?Sized>(&mut self, value: &Q) -> bool { loop {} }
        pub fn first(&self) -> Option<&T> { loop {} }
        pub fn last(&self) -> Option<&T> { loop {} }
    }
}

pub mod string {
    use super::*;

    pub struct String(vec::Vec<u8>);

    impl String {
        pub fn new() -> String { loop {} }
        pub fn with_capacity(capacity: usize) -> String { loop {} }
        pub fn push(&mut self, character: char) { loop {} }
        pub fn push_str(&mut self, text: &str) { loop {} }
        pub fn pop(&mut self) -> Option<char> { loop {} }
        pub fn clear(&mut self) { loop {} }
        pub fn truncate(&mut self, len: usize) { loop {} }
        pub fn as_str(&self) -> &str { loop {} }
        pub fn into_bytes(self) -> vec::Vec<u8> { loop {} }
        pub fn from_utf8(bytes: vec::Vec<u8>) -> Result<String, core::fmt::Error> { loop {} }
        pub fn insert(&mut self, at: usize, character: char) { loop {} }
        pub fn extend<I: IntoIterator>(&mut self, iter: I) { loop {} }
    }

    impl Deref for String {
        type Target = str;
        fn deref(&self) -> &str { loop {} }
    }

    impl Clone for String {
        fn clone(&self) -> String { loop {} }
    }

    impl Default for String {
        fn default() -> String { loop {} }
    }

    impl From<&str> for String {
        fn from(text: &str) -> String { loop {} }
    }

    impl<T> core::iter::FromIterator<T> for String {
        fn from_iter<I: IntoIterator<Item = T>>(iter: I) -> String { loop {} }
    }

    pub trait ToString {
        fn to_string(&self) -> String;
    }

    impl<T: ?Sized> ToString for T {
        fn to_string(&self) -> String { loop {} }
    }
}

pub mod borrow {
    use super::*;

    pub trait ToOwned {
        type Owned;
        fn to_owned(&self) -> Self::Owned;
    }

    impl<T: Clone> ToOwned for T {
        type Owned = T;
        fn to_owned(&self) -> T { loop {} }
    }

    impl ToOwned for str {
        type Owned = string::String;
        fn to_owned(&self) -> string::String { loop {} }
    }

    impl<T> ToOwned for [T] {
        type Owned = vec::Vec<T>;
        fn to_owned(&self) -> vec::Vec<T> { loop {} }
    }

    pub enum Cow<'a, B: ?Sized + ToOwned> {
        Borrowed(&'a B),
        Owned(<B as ToOwned>::Owned),
    }

    impl<B: ?Sized + ToOwned> Deref for Cow<'_, B> {
        type Target = B;
        fn deref(&self) -> &B { loop {} }
    }
}

pub mod beside {
    use super::*;

    /// What slices and texts have only here.
    pub trait SliceBeside<T> {
        fn to_vec(&self) -> vec::Vec<T> { loop {} }
        fn into_vec(self) -> vec::Vec<T> where Self: Sized { loop {} }
    }

    impl<T> SliceBeside<T> for [T] {}

    pub trait TextBeside {
        fn to_lowercase(&self) -> string::String { loop {} }
        fn to_uppercase(&self) -> string::String { loop {} }
        fn repeat(&self, n: usize) -> string::String { loop {} }
        fn replace<P>(&self, from: P, to: &str) -> string::String { loop {} }
        fn to_ascii_lowercase(&self) -> string::String { loop {} }
    }

    impl TextBeside for str {}
}

#[macro_export]
macro_rules! vec {
    ($($item:expr),* $(,)?) => { $crate::vec::Vec::from_iter([$($item),*]) };
    ($item:expr; $n:expr) => { $crate::vec::Vec::from_iter([$item]) };
}

#[macro_export]
macro_rules! format {
    ($($part:tt)*) => {{ let _ = core::format_args!($($part)*); $crate::string::String::new() }};
}

#[macro_export]
macro_rules! println {
    ($($part:tt)*) => {{ let _ = core::format_args!($($part)*); }};
}

#[macro_export]
macro_rules! eprintln {
    ($($part:tt)*) => {{ let _ = core::format_args!($($part)*); }};
}

#[macro_export]
macro_rules! dbg {
    ($value:expr $(,)?) => { $value };
}
