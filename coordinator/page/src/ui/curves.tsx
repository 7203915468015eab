// Learning curves, one over the other: validation error by epoch, and the training loss where it is wanted.
import type { Trial } from '../api/types';
import { useState } from 'preact/hooks';
import { colour } from '../data/theme';
import * as as from '../lib/format';
import { fidelityWords } from '../lib/words';
import { axis, Chart, FEW_POINTS, told, type Series } from './chart';
import { Empty, Switch } from './parts';

export function Curves({ trials }: { trials: Trial[] }) {
  const [what, setWhat] = useState<'validation_error' | 'training_loss'>('validation_error');
  const shown = trials.filter((trial) => trial.curve.length > 0);
  if (trials.length === 0) return null;
  if (shown.length === 0) return <Empty>No learning curve yet: it is told with the result, and of running trainings while somebody looks.</Empty>;
  const epochs = [...new Set(shown.flatMap((trial) => trial.curve.map((point) => point.epoch)))].sort((a, b) => a - b);
  const factor = what === 'validation_error' ? 100 : 1;
  const lines = shown.map((trial) => {
    const byEpoch = new Map(trial.curve.map((point) => [point.epoch, point[what]]));
    return epochs.map((epoch) => {
      const value = byEpoch.get(epoch);
      return value == null ? null : value * factor;
    });
  });
  const data: Series = [epochs, ...lines];
  const unit = what === 'validation_error' ? '%' : '';
  const ends = shown.map((trial, at) => `trial ${trial.line.trial} ends at ${as.significant(lines[at]!.findLast((value) => value !== null))} ${unit}`);
  return (
    <div class="curves">
      <div class="controls">
        <h3>Learning curves</h3>
        <Switch label="Curve of" value={what} options={[['validation_error', 'Validation error'], ['training_loss', 'Training loss']]} onChange={setWhat} />
      </div>
      <Chart
        shape={`${what}${shown.map((trial) => trial.line.trial).join()}`}
        height={220}
        data={data}
        label={`Learning curves: ${ends.join('; ')}`}
        build={() => ({
          scales: { x: { time: false } },
          legend: { show: true, live: true },
          cursor: { y: false },
          axes: [axis({ name: 'epoch' }), axis({ side: 3, name: what === 'validation_error' ? 'validation error (%)' : 'training loss' })],
          series: [
            { label: 'epoch', value: told((value) => as.count(value)) },
            ...shown.map((trial, at) => ({
              label: `${trial.line.trial} ${fidelityWords(trial.line.fidelity).toLowerCase()}`,
              stroke: colour(`line-${at + 1}`),
              width: 2,
              points: FEW_POINTS,
              spanGaps: true,
              value: told((value) => `${as.significant(value, 4)} ${unit}`),
            })),
          ],
        })}
      />
    </div>
  );
}
