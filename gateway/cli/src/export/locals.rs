//! Which places of a file are one local thing: a variable that is set in three places is one symbol. Whatever a name may mean, all
//! of it is one thing, and so is what two names share.

/// Sets of targets that are one thing each.
pub(super) struct Locals {
    /// What each target is one thing with; itself if it stands for all of them.
    same: Vec<usize>,
    numbers: Vec<Option<usize>>,
    n_numbers: usize,
}

impl Locals {
    /// Each target is a thing of its own.
    pub(super) fn new(n: usize) -> Self {
        Self { same: (0..n).collect(), numbers: vec![None; n], n_numbers: 0 }
    }

    /// Says that what a name leads to is one thing, as far as it is local.
    pub(super) fn join(&mut self, leads: &[u32], is_local: impl Fn(usize) -> bool) {
        let mut first = None;
        for lead in leads.iter().map(|lead| *lead as usize).filter(|lead| is_local(*lead)) {
            let root = self.root(lead);
            match first {
                None => first = Some(root),
                // The smaller stands for both, so that the order of names makes no difference.
                Some(known) => {
                    let (small, large) = (root.min(known), root.max(known));
                    self.same[large] = small;
                    first = Some(small);
                }
            }
        }
    }

    /// The number of the thing that a target is. They are given in the order in which they are asked for.
    pub(super) fn number(&mut self, target: usize) -> usize {
        let root = self.root(target);
        *self.numbers[root].get_or_insert_with(|| {
            self.n_numbers += 1;
            self.n_numbers - 1
        })
    }

    fn root(&mut self, target: usize) -> usize {
        let mut root = target;
        while self.same[root] != root {
            root = self.same[root];
        }
        self.same[target] = root;
        root
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_share_is_one_thing() {
        let mut locals = Locals::new(6);
        locals.join(&[3, 1], |_| true);
        locals.join(&[4, 5, 3], |target| target != 5);
        locals.join(&[], |_| true);
        let numbers: Vec<usize> = (0..6).map(|target| locals.number(target)).collect();
        assert_eq!(numbers, [0, 1, 2, 1, 1, 3]);
    }
}
