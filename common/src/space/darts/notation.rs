//! The field's notation of a pair of cells: a Python expression.

use super::cell::{Cell, Edge, NODES, Node, Operation};

/// The output is all nodes, always.
const CONCAT: [&str; 2] = ["range(2,6)", "[2,3,4,5]"];

pub(super) fn write([normal, reduction]: &[Cell; 2]) -> String {
    let edges = |cell: &Cell| {
        let edges = cell.edges().map(|edge| format!("('{}', {})", edge.operation.name(), edge.from));
        edges.collect::<Vec<_>>().join(", ")
    };
    format!(
        "Genotype(normal=[{}], normal_concat=range(2, 6), reduce=[{}], reduce_concat=range(2, 6))",
        edges(normal),
        edges(reduction)
    )
}

pub(super) fn read(text: &str) -> Option<[Cell; 2]> {
    let text: String = text.chars().filter(|char| !char.is_whitespace()).collect();
    let text = text.replace('"', "'");
    let inner = text.strip_prefix("Genotype(normal=[")?.strip_suffix(')')?;
    let (normal, rest) = inner.split_once("],normal_concat=")?;
    let (normal_concat, rest) = rest.split_once(",reduce=[")?;
    let (reduction, reduction_concat) = rest.split_once("],reduce_concat=")?;
    // A comma after the last item is Python's to allow.
    let reduction_concat = reduction_concat.strip_suffix(',').unwrap_or(reduction_concat);
    let all_nodes = CONCAT.contains(&normal_concat) && CONCAT.contains(&reduction_concat);
    if all_nodes { Some([cell(normal)?, cell(reduction)?]) } else { None }
}

/// `('sep_conv_3x3',0),('sep_conv_3x3',1),…`: two edges a node.
fn cell(text: &str) -> Option<Cell> {
    let inner = text.strip_suffix(',').unwrap_or(text).strip_prefix('(')?.strip_suffix(')')?;
    let edges: Vec<Edge> = inner.split("),(").map(edge).collect::<Option<_>>()?;
    let (pairs, []) = edges.as_chunks::<2>() else { return None };
    let nodes =
        pairs.iter().zip(2..).map(|(&pair, number)| node(pair, number)).collect::<Option<Vec<_>>>()?;
    Some(Cell(<[Node; NODES]>::try_from(nodes).ok()?))
}

fn edge(text: &str) -> Option<Edge> {
    let (name, from) = text.split_once(',')?;
    let operation = Operation::named(name.strip_prefix('\'')?.strip_suffix('\'')?)?;
    Some(Edge { operation, from: from.parse().ok()? })
}

fn node(mut edges: [Edge; 2], number: usize) -> Option<Node> {
    edges.sort_unstable_by_key(|edge| edge.from);
    let [low, high] = edges;
    (low.from < high.from && high.from < number).then_some(Node(edges))
}
