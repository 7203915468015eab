// Reads an architecture's notation as something to draw: cells as nodes and edges, blocks as stages. What it can't read is shown as text.

export interface CellEdge {
  from: number;
  to: number;
  operation: string;
}

export interface Cell {
  title: string;
  /** Names of the nodes, in their order. */
  nodes: string[];
  edges: CellEdge[];
}

export interface Block {
  kernel: number;
  expansion: string;
  excited: boolean;
  idle: boolean;
}

export type Drawing = { kind: 'cells'; cells: Cell[] } | { kind: 'blocks'; head: string; stages: Block[][] } | { kind: 'text' };

export function drawing(text: string): Drawing {
  const found = nasBench(text) ?? darts(text) ?? mobile(text);
  return found ?? { kind: 'text' };
}

/** `|nor_conv_3x3~0|+|none~0|skip_connect~1|+|...|` */
function nasBench(text: string): Drawing | null {
  if (!/^\|[^+]*~0\|/.test(text)) return null;
  const edges: CellEdge[] = [];
  const groups = text.split('+');
  groups.forEach((group, index) => {
    for (const [, operation, from] of group.matchAll(/([a-z0-9_]+)~(\d)/g)) {
      edges.push({ from: Number(from), to: index + 1, operation: operation! });
    }
  });
  const last = groups.length;
  const nodes = Array.from({ length: last + 1 }, (_, at) => (at === 0 ? 'in' : at === last ? 'out' : String(at)));
  return { kind: 'cells', cells: [{ title: 'Cell', nodes, edges }] };
}

/** `Genotype(normal=[('sep_conv_3x3', 0), ...], normal_concat=range(2, 6), reduce=[...], ...)` */
function darts(text: string): Drawing | null {
  const cells = [...text.matchAll(/(normal|reduce)=\[(\([^\]]*)\]/g)].map(([, name, list]): Cell => {
    const pairs = [...list!.matchAll(/\('([a-z0-9_]+)',\s*(\d)\)/g)];
    const edges = pairs.map(([, operation, from], at) => ({ operation: operation!, from: Number(from), to: 2 + Math.floor(at / 2) }));
    const inner = Math.ceil(pairs.length / 2);
    const nodes = ['c−2', 'c−1', ...Array.from({ length: inner }, (_, at) => String(at)), 'out'];
    const ends = Array.from({ length: inner }, (_, at) => ({ from: at + 2, to: inner + 2, operation: 'concat' }));
    return { title: name === 'normal' ? 'Normal cell' : 'Reduction cell', nodes, edges: [...edges, ...ends] };
  });
  return cells.length > 0 ? { kind: 'cells', cells } : null;
}

/** `w1 r224 | k3e4 k5e6s (k3e3) | ...` */
function mobile(text: string): Drawing | null {
  const [head = '', ...rest] = text.split('|');
  if (!/^w[\d.]+ r\d+\s*$/.test(head)) return null;
  const stages = rest.map((stage) =>
    [...stage.matchAll(/(\()?k(\d+)e([\d.]+)(s)?\)?/g)].map(([, idle, kernel, expansion, excited]) => ({
      kernel: Number(kernel),
      expansion: expansion!,
      excited: excited !== undefined,
      idle: idle !== undefined,
    })),
  );
  return { kind: 'blocks', head: head.trim(), stages };
}

const SHORT: Record<string, string> = {
  none: 'none',
  skip_connect: 'skip',
  nor_conv_1x1: 'conv 1×1',
  nor_conv_3x3: 'conv 3×3',
  avg_pool_3x3: 'pool 3×3',
  max_pool_3x3: 'max pool 3×3',
  sep_conv_3x3: 'sep 3×3',
  sep_conv_5x5: 'sep 5×5',
  dil_conv_3x3: 'dil 3×3',
  dil_conv_5x5: 'dil 5×5',
  concat: 'concat',
};
export const operationName = (operation: string): string => SHORT[operation] ?? operation.replaceAll('_', ' ');

/** The class that a drawing colours by. */
export function operationClass(operation: string): string {
  if (operation === 'none') return 'none';
  if (operation === 'skip_connect' || operation === 'concat') return 'skip';
  if (operation.includes('pool')) return 'pool';
  return /1x1/.test(operation) ? 'small' : 'conv';
}

const EDGES = ['0→1', '0→2', '1→2', '0→3', '1→3', '2→3'];
const OPERATIONS = ['none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3', 'avg_pool_3x3'];

/** A decision's option in words, where the space is known to this page. */
export function optionWords(spaceTitle: string, decision: number, option: number): string {
  if (spaceTitle.startsWith('NAS-Bench-201') && EDGES[decision] && OPERATIONS[option]) {
    return `edge ${EDGES[decision]} is ${operationName(OPERATIONS[option]!)}`;
  }
  return `decision ${decision + 1} takes option ${option + 1}`;
}
