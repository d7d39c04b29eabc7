//! Random lives of three replicas: entries, crashes, snapshots, time that passes, and never more than one that is down.
//!
//! What holds after each step: no replica that is up waits for one that is down; and whoever has applied the whole log has the contents
//! of every file.

use proptest::prelude::*;

use super::*;

const N_NODES: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    /// A file gets contents that come with the entry, or are brought to all nodes but one before.
    Write {
        file: u8,
        text: u8,
        inline: bool,
        without: usize,
    },
    /// A replica applies some entries, in one batch.
    Apply {
        node: usize,
        n: usize,
    },
    Persist {
        node: usize,
    },
    /// A replica forgets what is not on disk, and reads the log again up to where it was.
    Restart {
        node: usize,
    },
    /// A replica gets another's snapshot.
    Install {
        node: usize,
        from: usize,
    },
    /// Nobody reaches this one; the others are reached.
    CutOff {
        node: Option<usize>,
    },
    /// Much time passes on a node.
    LetGo {
        node: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let node = || 0..N_NODES;
    let step = prop_oneof![
        6 => (0u8..3, 0u8..4, any::<bool>(), node())
            .prop_map(|(file, text, inline, without)| Step::Write { file, text, inline, without }),
        8 => (node(), 1usize..6).prop_map(|(node, n)| Step::Apply { node, n }),
        3 => node().prop_map(|node| Step::Persist { node }),
        2 => node().prop_map(|node| Step::Restart { node }),
        1 => (node(), node()).prop_map(|(node, from)| Step::Install { node, from }),
        2 => prop::option::of(node()).prop_map(|node| Step::CutOff { node }),
        4 => node().prop_map(|node| Step::LetGo { node }),
    ];
    prop::collection::vec(step, 1..60)
}

struct World {
    nodes: Vec<Node>,
    log: Vec<Command>,
    /// Up to which entry each has applied the log.
    reached: Vec<usize>,
    down: Option<usize>,
    /// What was brought for entries, and where.
    brought: Vec<(usize, ContentDigest, Vec<usize>)>,
}

fn text(n: u8) -> Vec<u8> {
    format!("text {n}").into_bytes()
}

impl World {
    fn new() -> Self {
        let replicas = Replicas::default();
        let nodes = (0..N_NODES).map(|_| Node::new(&replicas)).collect();
        Self { nodes, log: beginning(), reached: vec![0; N_NODES], down: None, brought: Vec::new() }
    }

    /// Applies the log up to some entry in one batch. Fails where it would wait for ever.
    fn apply_to(&mut self, node: usize, reached: usize) {
        let Node { machine, .. } = &mut self.nodes[node];
        let from = index_of(&machine.applied) as usize;
        if from >= reached {
            return;
        }
        for index in from..reached {
            let _ = machine.apply(index as u64 + 1, self.log[index].clone());
        }
        machine.commit(&at(reached as u64)).expect("it waits for nobody that is down");
        self.reached[node] = self.reached[node].max(reached);
    }

    fn write(&mut self, file: u8, n: u8, inline: bool, without: usize) {
        let bytes = text(n);
        let contents = if inline { Contents::Inline(bytes.clone()) } else { stored(&bytes) };
        if !inline {
            // Brought to all that are up, but for one if none is down: two of three, as a quorum wants.
            let without = self.down.unwrap_or(without);
            let to: Vec<usize> = (0..N_NODES).filter(|node| *node != without).collect();
            for node in &to {
                let Node { contents, references, .. } = &self.nodes[*node];
                references.lease(ContentDigest::of(&bytes), Instant::now()).expect("there is room");
                contents.put(ContentDigest::of(&bytes), &bytes).expect("kept");
            }
            self.brought.push((self.log.len() + 1, ContentDigest::of(&bytes), to));
        }
        let sequence = self.log.len() as u64;
        self.log.push(write(sequence, &format!("f{file}"), contents));
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Write { file, text, inline, without } => self.write(file, text, inline, without),
            Step::CutOff { node } => {
                self.down = node;
                (0..N_NODES).for_each(|n| self.nodes[n].set_up(Some(n) != node));
            }
            // Who is down does nothing.
            Step::Apply { node, .. } | Step::Persist { node } | Step::LetGo { node } if self.down == Some(node) => {}
            Step::Restart { node } | Step::Install { node, .. } if self.down == Some(node) => {}
            Step::Install { from, .. } if self.down == Some(from) => {}
            Step::Apply { node, n } => self.apply_to(node, self.log.len().min(self.reached[node] + n)),
            Step::Persist { node } => self.nodes[node].persist(),
            Step::Restart { node } => {
                let recovering = self.nodes[node].restart(5);
                self.apply_to(node, self.reached[node]);
                drop(recovering);
            }
            Step::Install { node, from } => {
                let (applied, bytes) = self.nodes[from].snapshot_bytes();
                let index = index_of(&applied) as usize;
                if index > self.reached[node] {
                    let machine = &mut self.nodes[node].machine;
                    machine.install(&applied, &mut bytes.as_slice()).expect("it waits for nobody that is down");
                    self.reached[node] = index;
                }
            }
            Step::LetGo { node } => self.let_go(node),
        }
    }

    /// No proposal takes as long as a lease: what was brought for an entry that is not applied yet is brought again.
    fn let_go(&self, node: usize) {
        let later = Instant::now() + Duration::from_secs(3600);
        for (index, digest, to) in &self.brought {
            if to.contains(&node) && *index > self.reached[node] {
                self.nodes[node].references.lease(*digest, later).expect("there is room");
            }
        }
        self.nodes[node].references.let_go(&self.nodes[node].contents, later).expect("removed");
    }

    fn check(&self) {
        for (node, reached) in self.nodes.iter().zip(&self.reached) {
            if *reached == self.log.len() {
                let state = node.state.borrow().clone();
                let missing = state.contents().find(|digest| node.contents.get(digest).is_err());
                assert_eq!(missing, None, "node {} after {reached} entries", node.own);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn whoever_is_up_goes_on_and_has_everything_in_the_end(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
            world.check();
        }
        world.step(Step::CutOff { node: None });
        for node in 0..N_NODES {
            world.apply_to(node, world.log.len());
            world.check();
        }
        let digest = world.nodes[0].state.borrow().digest();
        prop_assert!(world.nodes.iter().all(|node| node.state.borrow().digest() == digest));
    }
}
