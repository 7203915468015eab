// A network drawn from its notation: a cell as a graph, blocks as stages.
import { drawing, operationClass, operationName, type Block, type Cell } from '../lib/cell';

export function Network({ text }: { text: string }) {
  const found = drawing(text);
  switch (found.kind) {
    case 'cells':
      return (
        <div class="cells">
          {found.cells.map((cell) => (
            <CellGraph key={cell.title} cell={cell} />
          ))}
        </div>
      );
    case 'blocks':
      return <Stages head={found.head} stages={found.stages} />;
    default:
      return <pre class="notation">{text}</pre>;
  }
}

const WIDTH = 320;
const SIDE = 22;

/** Nodes on a line from left to right; edges as arcs, the longer the higher, each named at its top. */
function CellGraph({ cell }: { cell: Cell }) {
  const last = cell.nodes.length - 1;
  const wide = last > 4;
  const width = wide ? 460 : WIDTH;
  const at = (node: number) => SIDE + (node / last) * (width - 2 * SIDE);
  const shown = cell.edges.filter((edge) => edge.operation !== 'none');
  const idle = cell.edges.length - shown.length;
  const lift = (edge: { from: number; to: number }, order: number) => {
    const span = edge.to - edge.from;
    return span === 1 ? 0 : (span - 1) * (wide ? 30 : 40) * (order % 2 === 0 ? 1 : -1);
  };
  const lifts = shown.map((edge, order) => lift(edge, edge.to - edge.from === 2 ? edge.from : order));
  const above = Math.max(24, ...lifts.map((one) => one / 1.6 + 22));
  const below = Math.max(24, ...lifts.map((one) => -one / 1.6 + 22));
  const height = above + below;
  const words = shown.map((edge) => `${cell.nodes[edge.from]} to ${cell.nodes[edge.to]}: ${operationName(edge.operation)}`);
  return (
    <figure class="cell">
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`${cell.title}. ${words.join('; ') || 'No edge carries anything'}`}>
        {shown.map((edge, order) => {
          const [from, to, up] = [at(edge.from), at(edge.to), lifts[order]!];
          const middle = (from + to) / 2;
          const path = `M${from} ${above} Q${middle} ${above - up * 1.25} ${to} ${above}`;
          const label = edge.operation === 'concat' ? '' : operationName(edge.operation);
          return (
            <g class={`edge ${operationClass(edge.operation)}`} key={`${edge.from}-${edge.to}-${order}`}>
              <path d={path} />
              <text x={middle} y={above - up * 0.625 + (up < 0 ? 15 : -5)}>
                {wide ? '' : label}
              </text>
              <title>{label}</title>
            </g>
          );
        })}
        {cell.nodes.map((name, node) => (
          <g class="node" key={name}>
            <circle cx={at(node)} cy={above} r={wide ? 13 : 14} />
            <text x={at(node)} y={above + 4}>
              {name}
            </text>
          </g>
        ))}
      </svg>
      <figcaption>
        {cell.title}
        {idle > 0 && `; ${idle} of ${cell.edges.length} edges carry nothing`}
        {wide && <EdgeList cell={cell} />}
      </figcaption>
    </figure>
  );
}

function EdgeList({ cell }: { cell: Cell }) {
  const edges = cell.edges.filter((edge) => edge.operation !== 'concat');
  return (
    <span class="edges">
      {edges.map((edge, order) => (
        <span key={order}>
          <i class={`key op-${operationClass(edge.operation)}`} aria-hidden="true" />
          {cell.nodes[edge.from]}→{cell.nodes[edge.to]} {operationName(edge.operation)}
        </span>
      ))}
    </span>
  );
}

function Stages({ head, stages }: { head: string; stages: Block[][] }) {
  return (
    <figure class="cell stages">
      <ol>
        {stages.map((blocks, stage) => (
          <li key={stage}>
            <span>Stage {stage + 1}</span>
            {blocks.map((block, at) => (
              <span key={at} class={`block k${block.kernel} ${block.idle ? 'idle' : ''}`}>
                {block.kernel}×{block.kernel}, ×{block.expansion}
                {block.excited ? ', SE' : ''}
              </span>
            ))}
          </li>
        ))}
      </ol>
      <figcaption>{head.replace(/^w/, 'Width ').replace(' r', ', resolution ')} px; kernel and expansion of each block</figcaption>
    </figure>
  );
}
