//! Which of several nodes is asked first: the same one by every client, and each in its turn for about as many things; and so each node
//! knows what it is going to be asked. (Thaler and Ravishankar, "Using name-based mappings to increase hit rates", 1998.)

/// What the node is ranked for that answers questions about a workspace; the key is the workspace's id, 4 bytes, little end first.
pub const ENGINE: &str = "vraftls engine 1";

/// How well a node suits something: the first 8 bytes, little end first, of the BLAKE3 hash of the purpose, the key and the node's id.
/// The node with the highest score is the first choice. When a node comes or goes, only what it is first for changes.
fn score(purpose: &str, key: &[u8], node: u64) -> u64 {
    let mut hasher = blake3::Hasher::new_derive_key(purpose);
    hasher.update(&(key.len() as u64).to_le_bytes());
    hasher.update(key);
    hasher.update(&node.to_le_bytes());
    let hash = hasher.finalize();
    let (first, _) = hash.as_bytes().split_first_chunk().expect("a hash has 32 bytes");
    u64::from_le_bytes(*first)
}

/// Sorts nodes by how well they suit something, best first.
pub fn rank<T>(purpose: &str, key: &[u8], nodes: &mut [T], id: impl Fn(&T) -> u64) {
    nodes.sort_by_cached_key(|node| (std::cmp::Reverse(score(purpose, key, id(node))), id(node)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(n_nodes: u64, key: u32) -> u64 {
        let mut nodes: Vec<u64> = (1..=n_nodes).collect();
        rank("test", &key.to_le_bytes(), &mut nodes, |node| *node);
        nodes[0]
    }

    #[test]
    fn the_choice_never_changes() {
        let mut nodes: Vec<u64> = (1..=5).collect();
        rank(ENGINE, &7_u32.to_le_bytes(), &mut nodes, |node| *node);
        let forward = nodes.clone();
        nodes.reverse();
        rank(ENGINE, &7_u32.to_le_bytes(), &mut nodes, |node| *node);
        assert_eq!(nodes, forward, "whatever order they come in");
    }

    #[test]
    fn nodes_are_first_for_about_as_many_keys() {
        let mut counts = [0_u32; 4];
        for key in 0..3000 {
            counts[first(3, key) as usize] += 1;
        }
        assert!(counts[1..].iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_node_that_comes_takes_and_moves_nothing_between_others() {
        for key in 0..500 {
            let (before, after) = (first(3, key), first(4, key));
            assert!(after == before || after == 4, "{key}: {before} to {after}");
        }
    }
}
