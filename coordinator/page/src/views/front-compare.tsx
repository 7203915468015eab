// Networks side by side: figures, the best of each marked, the cell drawn, learning curves over one another.
import type { Front, FrontMember } from '../api/types';
import { compared, opened, toggleCompared } from '../data/place';
import * as as from '../lib/format';
import { quantity } from '../lib/words';
import { Network } from '../ui/cell';
import { Curves } from '../ui/curves';
import { Empty, Panel } from '../ui/parts';
import { useTrials } from '../data/trials';

type Row = { name: string; of(member: FrontMember): number | null | undefined; write(value: number | null | undefined): string; best: boolean };

const ROWS: Row[] = [
  { name: 'Validation error', of: (m) => m.validation_error, write: quantity('error').write, best: true },
  { name: 'Test error', of: (m) => m.test_error, write: quantity('error').write, best: false },
  { name: 'Parameters', of: (m) => m.parameters, write: as.large, best: true },
  { name: 'Multiply-accumulates', of: (m) => m.flops, write: as.macs, best: true },
  { name: 'Latency', of: (m) => m.latency_ms, write: as.milliseconds, best: true },
  { name: 'Energy per inference', of: (m) => m.joules_per_inference, write: as.joules, best: true },
  { name: 'Time of training', of: (m) => m.seconds, write: as.duration, best: false },
  { name: 'Energy of training', of: (m) => m.joules, write: as.joules, best: false },
  { name: 'Hypervolume it covers alone', of: (m) => m.contribution, write: (v) => as.significant(v), best: false },
];

export function Compare({ front }: { front: Front }) {
  const members = compared.value.map((trial) => front.members.find((one) => one.trial === trial)).filter((one) => one !== undefined);
  const details = useTrials(members.map((member) => member.trial));
  const title = 'Side by side';
  if (members.length === 0) {
    return (
      <Panel title={title}>
        <Empty>Pick networks by the rules above or in the list below; they stand here next to one another, with their cells drawn.</Empty>
      </Panel>
    );
  }
  const rows = ROWS.filter((row) => members.some((member) => row.of(member) != null));
  const least = (row: Row) => Math.min(...members.map((member) => row.of(member) ?? Infinity));
  return (
    <Panel title={title} note={members.length > 1 ? 'The lowest of each figure is set in bold. Test figures are for reading, not for choosing.' : undefined}>
      <div class="scroll" tabIndex={0} role="region" aria-label="Networks side by side">
        <table class="compare">
          <thead>
            <tr>
              <td />
              {members.map((member) => (
                <th scope="col" key={member.trial}>
                  <button type="button" class="link" onClick={() => (opened.value = member.trial)}>
                    Trial {member.trial}
                  </button>
                  <button type="button" class="quiet" onClick={() => toggleCompared(member.trial)} aria-label={`Take away trial ${member.trial}`}>
                    Take away
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.name}>
                <th scope="row">{row.name}</th>
                {members.map((member) => {
                  const value = row.of(member);
                  const isBest = row.best && members.length > 1 && value != null && value === least(row);
                  return (
                    <td class={`n ${isBest ? 'best' : ''}`} key={member.trial}>
                      {row.write(value)}
                    </td>
                  );
                })}
              </tr>
            ))}
            <tr>
              <th scope="row">Measured on</th>
              {members.map((member) => (
                <td class="n" key={member.trial}>{member.device || as.NONE}</td>
              ))}
            </tr>
            <tr>
              <th scope="row">Network</th>
              {members.map((member) => (
                <td key={member.trial}>
                  <Network text={member.architecture} />
                </td>
              ))}
            </tr>
          </tbody>
        </table>
      </div>
      <Curves trials={details} />
    </Panel>
  );
}
