//! One cell: its nodes, its genes, and the order of nodes that stands for all others.

/// What an edge does; its number is its gene.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    MaxPool3x3,
    AvgPool3x3,
    Skip,
    SepConv3x3,
    SepConv5x5,
    DilConv3x3,
    DilConv5x5,
}

impl Operation {
    pub const ALL: [Self; 7] = [
        Self::MaxPool3x3,
        Self::AvgPool3x3,
        Self::Skip,
        Self::SepConv3x3,
        Self::SepConv5x5,
        Self::DilConv3x3,
        Self::DilConv5x5,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::MaxPool3x3 => "max_pool_3x3",
            Self::AvgPool3x3 => "avg_pool_3x3",
            Self::Skip => "skip_connect",
            Self::SepConv3x3 => "sep_conv_3x3",
            Self::SepConv5x5 => "sep_conv_5x5",
            Self::DilConv3x3 => "dil_conv_3x3",
            Self::DilConv5x5 => "dil_conv_5x5",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name)
    }
}

/// Nodes that a cell adds to its two inputs.
pub const NODES: usize = 4;
/// Genes of one cell: three a node, without the pair of the first.
pub(super) const GENES: usize = 3 * NODES - 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    pub operation: Operation,
    /// The node it comes from; 0 and 1 are the cell's inputs.
    pub from: usize,
}

/// The sum of two edges from different nodes, the smaller number first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node(pub [Edge; 2]);

/// Nodes 2 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell(pub [Node; NODES]);

impl Cell {
    /// `operation` on every edge, every node on both inputs.
    pub(super) fn uniform(operation: Operation) -> Self {
        Self([Node([Edge { operation, from: 0 }, Edge { operation, from: 1 }]); NODES])
    }

    pub(super) fn from_genes(genes: &[u32]) -> Self {
        let mut genes = genes.iter().map(|&gene| gene as usize);
        let mut next = || genes.next().expect("eleven genes");
        Self(std::array::from_fn(|index| {
            let [low, high] = if index == 0 { [0, 1] } else { pair(next()) };
            let edge = |from, gene: usize| Edge { operation: Operation::ALL[gene], from };
            Node([edge(low, next()), edge(high, next())])
        }))
    }

    pub(super) fn genes(&self) -> Vec<u32> {
        let mut genes = Vec::with_capacity(GENES);
        for (index, Node([low, high])) in self.0.iter().enumerate() {
            if index > 0 {
                genes.push(number_of_pair([low.from, high.from]));
            }
            genes.extend([low.operation as u32, high.operation as u32]);
        }
        genes
    }

    pub fn edges(&self) -> impl Iterator<Item = Edge> + '_ {
        self.0.iter().flat_map(|node| node.0)
    }

    /// Nodes on the longest path from an input to the output.
    pub(super) fn depth(&self) -> u32 {
        let mut depths = [0; NODES + 2];
        for (index, node) in self.0.iter().enumerate() {
            depths[index + 2] = 1 + node.0.iter().map(|edge| depths[edge.from]).max().unwrap_or_default();
        }
        depths.into_iter().max().unwrap_or_default()
    }

    /// The smallest by genes among all numberings in which no node comes before what it reads.
    pub(super) fn canonical(&self) -> Self {
        let mut best = *self;
        let mut best_genes = self.genes();
        self.renumber(&mut Vec::with_capacity(NODES), &mut |cell| {
            let genes = cell.genes();
            if genes < best_genes {
                (best, best_genes) = (cell, genes);
            }
        });
        best
    }

    /// Hands every valid numbering that begins with `order` (old nodes, counted without the inputs) to `visit`.
    fn renumber(&self, order: &mut Vec<usize>, visit: &mut impl FnMut(Self)) {
        let place = |from: usize, order: &[usize]| match from {
            0 | 1 => Some(from),
            _ => order.iter().position(|&old| old + 2 == from).map(|new| new + 2),
        };
        if order.len() == NODES {
            let edge = |edge: Edge| Edge { from: place(edge.from, order).expect("all placed"), ..edge };
            return visit(Self(std::array::from_fn(|new| {
                let mut edges = self.0[order[new]].0.map(edge);
                edges.sort_unstable_by_key(|edge| edge.from);
                Node(edges)
            })));
        }
        for old in 0..NODES {
            let ready = self.0[old].0.iter().all(|edge| place(edge.from, order).is_some());
            if ready && !order.contains(&old) {
                order.push(old);
                self.renumber(order, visit);
                order.pop();
            }
        }
    }
}

/// Pairs `low < high` in the order (0, 1), (0, 2), (1, 2), (0, 3), …, so that a later node's pairs begin with an earlier one's.
fn pair(number: usize) -> [usize; 2] {
    let mut high = 1;
    let mut before = 0;
    while before + high <= number {
        before += high;
        high += 1;
    }
    [number - before, high]
}

fn number_of_pair([low, high]: [usize; 2]) -> u32 {
    (high * (high - 1) / 2 + low) as u32
}
