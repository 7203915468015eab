// All trials: a page of the API at a time, rows only where one looks.
import { useCallback, useState } from 'preact/hooks';
import type { TrialLine, TrialOrder, TrialState } from '../api/types';
import { compared, fidelity, isWithin, MOST_COMPARED, opened, ranges, toggleCompared, zone } from '../data/place';
import { study } from '../data/store';
import { useResource } from '../data/resource';
import { useTrials, useWindow } from '../data/trials';
import * as as from '../lib/format';
import { sentence, shortArchitecture } from '../lib/words';
import { Curves } from '../ui/curves';
import { Choice, Empty, Fidelity, Panel } from '../ui/parts';
import { Virtual } from '../ui/virtual';

const ROW = 34;
const STATES: TrialState[] = ['waiting', 'running', 'suspended', 'finished', 'given', 'failed'];
const SORTED: Partial<Record<TrialOrder, string>> = {
  trial: 'Trial',
  error: 'Error',
  parameters: 'Parameters',
  flops: 'MAC',
  latency: 'Latency',
  seconds: 'Time',
  energy: 'Energy',
  finished_at: 'Finished',
};

type Column = { key: string; name: string; kind?: string; sort?: TrialOrder; of(line: TrialLine): preact.ComponentChildren };

const COLUMNS: Column[] = [
  {
    key: 'pick',
    name: 'Pick',
    of: (line) => (
      <input type="checkbox" aria-label={`Show the learning curve of trial ${line.trial}`} checked={compared.value.includes(line.trial)} onChange={() => toggleCompared(line.trial)} />
    ),
  },
  {
    key: 'trial',
    name: 'Trial',
    kind: 'n',
    sort: 'trial',
    of: (line) => (
      <button type="button" class="link" onClick={() => (opened.value = line.trial)}>
        {line.trial}
      </button>
    ),
  },
  { key: 'fidelity', name: 'Fidelity', of: (line) => <Fidelity of={line.fidelity} /> },
  { key: 'state', name: 'State', of: (line) => <State line={line} /> },
  { key: 'error', name: 'Error', kind: 'n', sort: 'error', of: (line) => as.percent(line.validation_error, 2) },
  { key: 'parameters', name: 'Parameters', kind: 'n', sort: 'parameters', of: (line) => as.large(line.parameters) },
  { key: 'flops', name: 'MAC', kind: 'n', sort: 'flops', of: (line) => as.large(line.flops) },
  { key: 'latency', name: 'Latency', kind: 'n', sort: 'latency', of: (line) => as.milliseconds(line.latency_ms) },
  { key: 'seconds', name: 'Time', kind: 'n', sort: 'seconds', of: (line) => as.duration(line.seconds) },
  { key: 'energy', name: 'Energy', kind: 'n', sort: 'energy', of: (line) => as.joules(line.joules) },
  { key: 'worker', name: 'Worker', of: (line) => (line.worker ? `${line.worker}${line.zone ? `, ${line.zone}` : ''}` : as.NONE) },
  { key: 'finished', name: 'Finished', kind: 'n', sort: 'finished_at', of: (line) => as.moment(line.finished_at) },
  { key: 'architecture', name: 'Architecture', kind: 'code', of: (line) => (line.part ? line.part : <span title={line.architecture ?? ''}>{shortArchitecture(line.architecture, 80)}</span>) },
];

export function TrialsView() {
  const now = useResource(study);
  const [state, setState] = useState<TrialState | ''>('');
  const [sort, setSort] = useState<TrialOrder>('trial');
  const [order, setOrder] = useState<'ascending' | 'descending'>('descending');
  const list = useWindow({ fidelity: fidelity.value, state: state || null, zone: zone.value, sort, order });
  const look = useCallback((first: number, last: number) => list.look(first, last), [list]);
  const curves = useTrials(compared.value);
  const names = now?.objectives.map((objective) => objective.name) ?? [];
  const hasRanges = Object.keys(ranges.value).length > 0;
  /** The best or the latest first. */
  const sortBy = (key: TrialOrder) => {
    setSort(key);
    setOrder(key === 'trial' || key === 'finished_at' ? 'descending' : 'ascending');
  };
  const turn = () => setOrder(order === 'ascending' ? 'descending' : 'ascending');
  const by = (column: Column) => () => {
    if (!column.sort) return;
    if (sort === column.sort) turn();
    else sortBy(column.sort);
  };
  const trouble = list.trouble.value;
  return (
    <>
      {compared.value.length > 0 && (
        <Panel title="Curves" aside={<button type="button" class="quiet" onClick={() => (compared.value = [])}>Take all away</button>}>
          <Curves trials={curves} />
        </Panel>
      )}
      <Panel
        title="Trials"
        kind="fill"
        note={
          <>
            {list.known ? `${as.count(list.matching)} of ${as.count(list.total)} trials` : 'Reading trials …'}
            {hasRanges && '; those outside the limits are dimmed'}. Tick up to {MOST_COMPARED} to lay their learning curves over one another.
          </>
        }
        aside={
          <div class="controls">
            <Choice label="State" value={state} options={[['', 'all'], ...STATES.map((one): [TrialState, string] => [one, one])]} onChange={setState} />
            <Choice label="Sort by" value={sort} options={Object.entries(SORTED) as [TrialOrder, string][]} onChange={sortBy} />
            <button type="button" onClick={turn}>
              {order === 'ascending' ? 'Ascending' : 'Descending'}
            </button>
          </div>
        }
      >
        {trouble && (
          <p class="empty trouble" role="alert">
            {trouble.message} The rows may be old.
          </p>
        )}
        {list.known && list.matching === 0 ? (
          <Empty>{list.total === 0 ? 'No trial has been proposed yet. They appear here once the first worker is there.' : 'No trial is like that: loosen the filters.'}</Empty>
        ) : (
          <div class="trials">
            <Virtual
              count={list.matching}
              rowHeight={ROW}
              label="Trials"
              columns={COLUMNS.length}
              onSight={look}
              head={COLUMNS.map((column) => (
                <span role="columnheader" key={column.key} class={`c-${column.key} ${column.kind ?? ''}`} aria-sort={column.sort === sort ? order : undefined}>
                  {column.sort ? (
                    <button type="button" onClick={by(column)}>
                      {column.name}
                    </button>
                  ) : (
                    column.name
                  )}
                </span>
              ))}
              row={(index) => {
                const line = list.row(index);
                if (!line) return <span role="cell" class="loading">…</span>;
                const beyond = hasRanges && !isWithin(names, values(line, names));
                return COLUMNS.map((column) => (
                  <span role="cell" key={column.key} class={`c-${column.key} ${column.kind ?? ''} ${beyond ? 'beyond' : ''}`}>
                    {column.of(line)}
                  </span>
                ));
              }}
            />
          </div>
        )}
      </Panel>
    </>
  );
}

/** What a trial has of each objective; where it has nothing, it lies within no limit. */
function values(line: TrialLine, names: string[]): number[] {
  const of: Record<string, number | null | undefined> = {
    error: line.validation_error,
    parameters: line.parameters,
    flops: line.flops,
    latency_ms: line.latency_ms,
    joules_per_inference: line.joules_per_inference,
  };
  return names.map((name) => of[name] ?? NaN);
}

export function State({ line }: { line: Pick<TrialLine, 'state' | 'progress' | 'on_front' | 'reason'> }) {
  const shown = line.state === 'running' || line.state === 'suspended';
  return (
    <span class={`state ${line.state}`} title={line.reason ?? undefined}>
      {sentence(line.state)}
      {shown && line.progress != null && ` ${as.percent(line.progress, 0)}`}
      {line.on_front && <i class="badge front">front</i>}
    </span>
  );
}
