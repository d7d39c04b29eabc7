//! Which of several nodes is asked first: the same one by every client, and each in its turn for about as many things.

use vraftls_raft::ids::NodeId;

/// How well a node suits something: the first 8 bytes, little end first, of the BLAKE3 hash of the purpose, the key and the node's id.
/// The node with the highest score is the first choice. When a node comes or goes, only what it is first for changes.
fn score(purpose: &str, key: &[u8], node: NodeId) -> u64 {
    let mut hasher = blake3::Hasher::new_derive_key(purpose);
    hasher.update(&(key.len() as u64).to_le_bytes());
    hasher.update(key);
    hasher.update(&node.0.to_le_bytes());
    let hash = hasher.finalize();
    let (first, _) = hash.as_bytes().split_first_chunk().expect("a hash has 32 bytes");
    u64::from_le_bytes(*first)
}

/// Sorts nodes by how well they suit something, best first.
pub(crate) fn rank<T>(purpose: &str, key: &[u8], nodes: &mut [T], id: impl Fn(&T) -> NodeId) {
    nodes.sort_by_cached_key(|node| (std::cmp::Reverse(score(purpose, key, id(node))), id(node)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(n_nodes: u64, key: u32) -> NodeId {
        let mut nodes: Vec<NodeId> = (1..=n_nodes).map(NodeId).collect();
        rank("test", &key.to_le_bytes(), &mut nodes, |node| *node);
        nodes[0]
    }

    #[test]
    fn the_choice_never_changes() {
        let mut nodes: Vec<NodeId> = (1..=5).map(NodeId).collect();
        rank("vraftls engine 1", &7_u32.to_le_bytes(), &mut nodes, |node| *node);
        let forward = nodes.clone();
        nodes.reverse();
        rank("vraftls engine 1", &7_u32.to_le_bytes(), &mut nodes, |node| *node);
        assert_eq!(nodes, forward, "whatever order they come in");
    }

    #[test]
    fn nodes_are_first_for_about_as_many_keys() {
        let mut counts = [0_u32; 4];
        for key in 0..3000 {
            counts[first(3, key).0 as usize] += 1;
        }
        assert!(counts[1..].iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_node_that_comes_takes_and_moves_nothing_between_others() {
        for key in 0..500 {
            let (before, after) = (first(3, key), first(4, key));
            assert!(after == before || after == NodeId(4), "{key}: {before} to {after}");
        }
    }
}
