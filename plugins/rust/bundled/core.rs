//! What `core` has beside what rust-analyzer's own tests use of it: signatures alone, for inference where the sources of the
//! standard library are not known. It is put behind that text, in the same crate.

pub mod beside {
    pub mod prelude {
        pub use super::IteratorBeside;
        pub use crate::{assert_eq, assert_ne, debug_assert, debug_assert_eq, debug_assert_ne, unreachable};
    }

    use crate::cmp::Ordering;
    use crate::ops::ControlFlow;
    use crate::option::Option;
    use crate::result::Result;

    impl<T> Option<T> {
        pub fn is_some(&self) -> bool { loop {} }
        pub fn is_none(&self) -> bool { loop {} }
        pub fn is_some_and(self, f: impl FnOnce(T) -> bool) -> bool { loop {} }
        pub fn is_none_or(self, f: impl FnOnce(T) -> bool) -> bool { loop {} }
        pub fn as_mut(&mut self) -> Option<&mut T> { loop {} }
        pub fn expect(self, message: &str) -> T { loop {} }
        pub fn unwrap_or_else<F: FnOnce() -> T>(self, f: F) -> T { loop {} }
        pub fn unwrap_or_default(self) -> T { loop {} }
        pub fn map<U, F: FnOnce(T) -> U>(self, f: F) -> Option<U> { loop {} }
        pub fn inspect<F: FnOnce(&T)>(self, f: F) -> Option<T> { loop {} }
        pub fn map_or<U, F: FnOnce(T) -> U>(self, default: U, f: F) -> U { loop {} }
        pub fn map_or_else<U, D: FnOnce() -> U, F: FnOnce(T) -> U>(self, default: D, f: F) -> U { loop {} }
        pub fn ok_or_else<E, F: FnOnce() -> E>(self, error: F) -> Result<T, E> { loop {} }
        pub fn as_deref(&self) -> Option<&T::Target> where T: crate::ops::Deref { loop {} }
        pub fn as_deref_mut(&mut self) -> Option<&mut T::Target> where T: crate::ops::Deref { loop {} }
        pub fn iter(&self) -> Of<&T> { loop {} }
        pub fn and_then<U, F: FnOnce(T) -> Option<U>>(self, f: F) -> Option<U> { loop {} }
        pub fn filter<P: FnOnce(&T) -> bool>(self, predicate: P) -> Option<T> { loop {} }
        pub fn or(self, other: Option<T>) -> Option<T> { loop {} }
        pub fn or_else<F: FnOnce() -> Option<T>>(self, f: F) -> Option<T> { loop {} }
        pub fn insert(&mut self, value: T) -> &mut T { loop {} }
        pub fn get_or_insert(&mut self, value: T) -> &mut T { loop {} }
        pub fn get_or_insert_with<F: FnOnce() -> T>(&mut self, f: F) -> &mut T { loop {} }
        pub fn take(&mut self) -> Option<T> { loop {} }
        pub fn replace(&mut self, value: T) -> Option<T> { loop {} }
        pub fn zip<U>(self, other: Option<U>) -> Option<(T, U)> { loop {} }
    }

    impl<T> Option<&T> {
        pub fn copied(self) -> Option<T> { loop {} }
        pub fn cloned(self) -> Option<T> { loop {} }
    }

    impl<T, E> Option<Result<T, E>> {
        pub fn transpose(self) -> Result<Option<T>, E> { loop {} }
    }

    impl<T> crate::iter::IntoIterator for Option<T> {
        type Item = T;
        type IntoIter = Of<T>;
        fn into_iter(self) -> Of<T> { loop {} }
    }

    impl<T, E> Result<T, E> {
        pub fn is_ok(&self) -> bool { loop {} }
        pub fn is_err(&self) -> bool { loop {} }
        pub fn is_ok_and(self, f: impl FnOnce(T) -> bool) -> bool { loop {} }
        pub fn ok(self) -> Option<T> { loop {} }
        pub fn err(self) -> Option<E> { loop {} }
        pub fn as_ref(&self) -> Result<&T, &E> { loop {} }
        pub fn as_mut(&mut self) -> Result<&mut T, &mut E> { loop {} }
        pub fn map<U, F: FnOnce(T) -> U>(self, f: F) -> Result<U, E> { loop {} }
        pub fn map_or<U, F: FnOnce(T) -> U>(self, default: U, f: F) -> U { loop {} }
        pub fn map_err<O, F: FnOnce(E) -> O>(self, f: F) -> Result<T, O> { loop {} }
        pub fn and_then<U, F: FnOnce(T) -> Result<U, E>>(self, f: F) -> Result<U, E> { loop {} }
        pub fn unwrap(self) -> T { loop {} }
        pub fn expect(self, message: &str) -> T { loop {} }
        pub fn unwrap_err(self) -> E { loop {} }
        pub fn expect_err(self, message: &str) -> E { loop {} }
        pub fn unwrap_or_default(self) -> T { loop {} }
        pub fn iter(&self) -> Of<&T> { loop {} }
    }

    impl<T, E> Result<Option<T>, E> {
        pub fn transpose(self) -> Option<Result<T, E>> { loop {} }
    }

    /// Any iterator.
    pub struct Of<T>(T);

    impl<T> Iterator for Of<T> {
        type Item = T;
        fn next(&mut self) -> Option<T> { loop {} }
    }

    /// What iterators have beside what the tests use.
    pub trait IteratorBeside: Iterator + Sized {
        fn collect<B: crate::iter::FromIterator<Self::Item>>(self) -> B { loop {} }
        fn filter_map<B, F: FnMut(Self::Item) -> Option<B>>(self, f: F) -> Of<B> { loop {} }
        fn flat_map<U: IntoIterator, F: FnMut(Self::Item) -> U>(self, f: F) -> Of<U::Item> { loop {} }
        fn flatten(self) -> Of<<Self::Item as IntoIterator>::Item> where Self::Item: IntoIterator { loop {} }
        fn enumerate(self) -> Of<(usize, Self::Item)> { loop {} }
        fn zip<U: IntoIterator>(self, other: U) -> Of<(Self::Item, U::Item)> { loop {} }
        fn chain<U>(self, other: U) -> Of<Self::Item> { loop {} }
        fn rev(self) -> Of<Self::Item> { loop {} }
        fn skip(self, n: usize) -> Of<Self::Item> { loop {} }
        fn step_by(self, n: usize) -> Of<Self::Item> { loop {} }
        fn skip_while<P: FnMut(&Self::Item) -> bool>(self, predicate: P) -> Of<Self::Item> { loop {} }
        fn take_while<P: FnMut(&Self::Item) -> bool>(self, predicate: P) -> Of<Self::Item> { loop {} }
        fn map_while<B, P: FnMut(Self::Item) -> Option<B>>(self, predicate: P) -> Of<B> { loop {} }
        fn inspect<F: FnMut(&Self::Item)>(self, f: F) -> Of<Self::Item> { loop {} }
        fn peekable(self) -> Peekable<Self> { loop {} }
        fn cycle(self) -> Of<Self::Item> { loop {} }
        fn fuse(self) -> Of<Self::Item> { loop {} }
        fn copied<'a, T: 'a>(self) -> Of<T> where Self: Iterator<Item = &'a T> { loop {} }
        fn cloned<'a, T: 'a>(self) -> Of<T> where Self: Iterator<Item = &'a T> { loop {} }
        fn count(self) -> usize { loop {} }
        fn last(self) -> Option<Self::Item> { loop {} }
        fn for_each<F: FnMut(Self::Item)>(self, f: F) { loop {} }
        fn fold<B, F: FnMut(B, Self::Item) -> B>(self, init: B, f: F) -> B { loop {} }
        fn reduce<F: FnMut(Self::Item, Self::Item) -> Self::Item>(self, f: F) -> Option<Self::Item> { loop {} }
        fn all<F: FnMut(Self::Item) -> bool>(&mut self, f: F) -> bool { loop {} }
        fn any<F: FnMut(Self::Item) -> bool>(&mut self, f: F) -> bool { loop {} }
        fn find<P: FnMut(&Self::Item) -> bool>(&mut self, predicate: P) -> Option<Self::Item> { loop {} }
        fn find_map<B, F: FnMut(Self::Item) -> Option<B>>(&mut self, f: F) -> Option<B> { loop {} }
        fn position<P: FnMut(Self::Item) -> bool>(&mut self, predicate: P) -> Option<usize> { loop {} }
        fn rposition<P: FnMut(Self::Item) -> bool>(&mut self, predicate: P) -> Option<usize> { loop {} }
        fn next_back(&mut self) -> Option<Self::Item> { loop {} }
        fn max(self) -> Option<Self::Item> { loop {} }
        fn min(self) -> Option<Self::Item> { loop {} }
        fn max_by_key<B, F: FnMut(&Self::Item) -> B>(self, f: F) -> Option<Self::Item> { loop {} }
        fn min_by_key<B, F: FnMut(&Self::Item) -> B>(self, f: F) -> Option<Self::Item> { loop {} }
        fn max_by<F: FnMut(&Self::Item, &Self::Item) -> Ordering>(self, f: F) -> Option<Self::Item> { loop {} }
        fn min_by<F: FnMut(&Self::Item, &Self::Item) -> Ordering>(self, f: F) -> Option<Self::Item> { loop {} }
        fn sum<S>(self) -> S { loop {} }
        fn product<S>(self) -> S { loop {} }
        fn partition<B, F: FnMut(&Self::Item) -> bool>(self, f: F) -> (B, B) { loop {} }
        fn unzip<A, B, F, G>(self) -> (F, G) where Self: Iterator<Item = (A, B)> { loop {} }
        fn try_fold<B, F, R>(&mut self, init: B, f: F) -> R where F: FnMut(B, Self::Item) -> R { loop {} }
        fn try_for_each<F, R>(&mut self, f: F) -> R where F: FnMut(Self::Item) -> R { loop {} }
        fn size_hint(&self) -> (usize, Option<usize>) { loop {} }
    }

    impl<I: Iterator> IteratorBeside for I {}

    pub struct Peekable<I: Iterator>(I);

    impl<I: Iterator> Peekable<I> {
        pub fn peek(&mut self) -> Option<&I::Item> { loop {} }
        pub fn peek_mut(&mut self) -> Option<&mut I::Item> { loop {} }
        pub fn next_if(&mut self, f: impl FnOnce(&I::Item) -> bool) -> Option<I::Item> { loop {} }
    }

    impl<I: Iterator> Iterator for Peekable<I> {
        type Item = I::Item;
        fn next(&mut self) -> Option<I::Item> { loop {} }
    }

    impl<T> [T] {
        pub fn is_empty(&self) -> bool { loop {} }
        pub fn first(&self) -> Option<&T> { loop {} }
        pub fn first_mut(&mut self) -> Option<&mut T> { loop {} }
        pub fn last(&self) -> Option<&T> { loop {} }
        pub fn last_mut(&mut self) -> Option<&mut T> { loop {} }
        pub fn split_first(&self) -> Option<(&T, &[T])> { loop {} }
        pub fn split_last(&self) -> Option<(&T, &[T])> { loop {} }
        pub fn get<I: crate::slice::SliceIndex<[T]>>(&self, index: I) -> Option<&I::Output> { loop {} }
        pub fn get_mut<I: crate::slice::SliceIndex<[T]>>(&mut self, index: I) -> Option<&mut I::Output> { loop {} }
        pub fn iter(&self) -> Of<&T> { loop {} }
        pub fn iter_mut(&mut self) -> Of<&mut T> { loop {} }
        pub fn windows(&self, size: usize) -> Of<&[T]> { loop {} }
        pub fn chunks(&self, size: usize) -> Of<&[T]> { loop {} }
        pub fn split_at(&self, at: usize) -> (&[T], &[T]) { loop {} }
        pub fn contains(&self, wanted: &T) -> bool { loop {} }
        pub fn starts_with(&self, other: &[T]) -> bool { loop {} }
        pub fn ends_with(&self, other: &[T]) -> bool { loop {} }
        pub fn binary_search(&self, wanted: &T) -> Result<usize, usize> { loop {} }
        pub fn binary_search_by_key<B, F: FnMut(&T) -> B>(&self, key: &B, f: F) -> Result<usize, usize> { loop {} }
        pub fn sort(&mut self) { loop {} }
        pub fn sort_unstable(&mut self) { loop {} }
        pub fn sort_by<F: FnMut(&T, &T) -> Ordering>(&mut self, f: F) { loop {} }
        pub fn sort_by_key<K, F: FnMut(&T) -> K>(&mut self, f: F) { loop {} }
        pub fn sort_unstable_by_key<K, F: FnMut(&T) -> K>(&mut self, f: F) { loop {} }
        pub fn swap(&mut self, one: usize, other: usize) { loop {} }
        pub fn reverse(&mut self) { loop {} }
        pub fn fill(&mut self, value: T) { loop {} }
        pub fn copy_from_slice(&mut self, other: &[T]) { loop {} }
    }

    impl str {
        pub fn len(&self) -> usize { loop {} }
        pub fn is_empty(&self) -> bool { loop {} }
        pub fn as_bytes(&self) -> &[u8] { loop {} }
        pub fn as_str(&self) -> &str { loop {} }
        pub fn chars(&self) -> Of<char> { loop {} }
        pub fn char_indices(&self) -> Of<(usize, char)> { loop {} }
        pub fn bytes(&self) -> Of<u8> { loop {} }
        pub fn lines(&self) -> Of<&str> { loop {} }
        pub fn split_whitespace(&self) -> Of<&str> { loop {} }
        pub fn is_char_boundary(&self, at: usize) -> bool { loop {} }
        pub fn get<I>(&self, range: I) -> Option<&str> { loop {} }
        pub fn contains<P>(&self, pattern: P) -> bool { loop {} }
        pub fn starts_with<P>(&self, pattern: P) -> bool { loop {} }
        pub fn ends_with<P>(&self, pattern: P) -> bool { loop {} }
        pub fn find<P>(&self, pattern: P) -> Option<usize> { loop {} }
        pub fn rfind<P>(&self, pattern: P) -> Option<usize> { loop {} }
        pub fn split<P>(&self, pattern: P) -> Of<&str> { loop {} }
        pub fn rsplit<P>(&self, pattern: P) -> Of<&str> { loop {} }
        pub fn splitn<P>(&self, n: usize, pattern: P) -> Of<&str> { loop {} }
        pub fn split_once<P>(&self, pattern: P) -> Option<(&str, &str)> { loop {} }
        pub fn rsplit_once<P>(&self, pattern: P) -> Option<(&str, &str)> { loop {} }
        pub fn split_at(&self, at: usize) -> (&str, &str) { loop {} }
        pub fn match_indices<P>(&self, pattern: P) -> Of<(usize, &str)> { loop {} }
        pub fn trim(&self) -> &str { loop {} }
        pub fn trim_start(&self) -> &str { loop {} }
        pub fn trim_end(&self) -> &str { loop {} }
        pub fn trim_matches<P>(&self, pattern: P) -> &str { loop {} }
        pub fn trim_start_matches<P>(&self, pattern: P) -> &str { loop {} }
        pub fn trim_end_matches<P>(&self, pattern: P) -> &str { loop {} }
        pub fn strip_prefix<P>(&self, pattern: P) -> Option<&str> { loop {} }
        pub fn strip_suffix<P>(&self, pattern: P) -> Option<&str> { loop {} }
        pub fn parse<F: crate::str::FromStr>(&self) -> Result<F, F::Err> { loop {} }
        pub fn eq_ignore_ascii_case(&self, other: &str) -> bool { loop {} }
    }

    impl char {
        pub fn is_alphanumeric(self) -> bool { loop {} }
        pub fn is_alphabetic(self) -> bool { loop {} }
        pub fn is_numeric(self) -> bool { loop {} }
        pub fn is_whitespace(self) -> bool { loop {} }
        pub fn is_uppercase(self) -> bool { loop {} }
        pub fn is_lowercase(self) -> bool { loop {} }
        pub fn is_ascii(&self) -> bool { loop {} }
        pub fn is_ascii_digit(&self) -> bool { loop {} }
        pub fn is_ascii_alphabetic(&self) -> bool { loop {} }
        pub fn is_ascii_alphanumeric(&self) -> bool { loop {} }
        pub fn to_digit(self, radix: u32) -> Option<u32> { loop {} }
        pub fn len_utf8(self) -> usize { loop {} }
        pub fn len_utf16(self) -> usize { loop {} }
        pub fn from_u32(value: u32) -> Option<char> { loop {} }
    }

    impl Ordering {
        pub fn reverse(self) -> Ordering { loop {} }
        pub fn then(self, other: Ordering) -> Ordering { loop {} }
        pub fn then_with<F: FnOnce() -> Ordering>(self, f: F) -> Ordering { loop {} }
        pub fn is_eq(self) -> bool { loop {} }
        pub fn is_lt(self) -> bool { loop {} }
    }

    impl<B, C> ControlFlow<B, C> {
        pub fn is_break(&self) -> bool { loop {} }
        pub fn break_value(self) -> Option<B> { loop {} }
    }
}

#[macro_export]
macro_rules! assert_eq {
    ($left:expr, $right:expr $(,)?) => {{ let _ = &$left; let _ = &$right; }};
    ($left:expr, $right:expr, $($rest:tt)+) => {{ let _ = &$left; let _ = &$right; let _ = $crate::format_args!($($rest)+); }};
}

#[macro_export]
macro_rules! assert_ne {
    ($($rest:tt)*) => { $crate::assert_eq!($($rest)*) };
}

#[macro_export]
macro_rules! debug_assert_eq {
    ($($rest:tt)*) => { $crate::assert_eq!($($rest)*) };
}

#[macro_export]
macro_rules! debug_assert_ne {
    ($($rest:tt)*) => { $crate::assert_eq!($($rest)*) };
}

#[macro_export]
macro_rules! debug_assert {
    ($($rest:tt)*) => { $crate::assert!($($rest)*) };
}

#[macro_export]
macro_rules! unreachable {
    ($($rest:tt)*) => {{ let _ = $crate::format_args!($($rest)*); loop {} }};
}
