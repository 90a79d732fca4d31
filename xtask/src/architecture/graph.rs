//! Cycles and levels of a directed graph.

use std::collections::BTreeSet;

/// For each node, the nodes that it points to.
pub type Graph = Vec<BTreeSet<usize>>;

/// Returns the strongly connected components with more than one node.
pub fn cycles(graph: &Graph) -> Vec<Vec<usize>> {
    let reachable: Vec<BTreeSet<usize>> = (0..graph.len()).map(|at| reach(graph, at)).collect();
    let mut cycles: Vec<Vec<usize>> = (0..graph.len())
        .filter(|&at| reachable[at].contains(&at))
        .map(|at| {
            let mutual = reachable[at].iter().copied();
            mutual
                .filter(|&other| reachable[other].contains(&at))
                .collect()
        })
        .collect();
    cycles.sort();
    cycles.dedup();
    cycles
}

fn reach(graph: &Graph, start: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<usize> = graph[start].iter().copied().collect();
    while let Some(at) = waiting.pop() {
        if reached.insert(at) {
            waiting.extend(&graph[at]);
        }
    }
    reached
}

/// Returns the level of each node of a graph without cycles: 1 for a node that points to none,
/// otherwise one more than the highest level that it points to.
pub fn levels(graph: &Graph) -> Vec<usize> {
    let mut levels = vec![1; graph.len()];
    for _ in 0..graph.len() {
        for at in 0..graph.len() {
            let below = graph[at].iter().map(|&below| levels[below]).max();
            levels[at] = below.unwrap_or(0) + 1;
        }
    }
    levels
}
