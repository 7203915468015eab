// One trial, closely: its result, its learning curve beside those of its relatives, its attempts, their energy, what happened to it.
import type { Trial } from '../api/types';
import { opened } from '../data/place';
import { useTrials } from '../data/trials';
import * as as from '../lib/format';
import { briefly, method, quantity, sentence } from '../lib/words';
import { Network } from '../ui/cell';
import { Curves } from '../ui/curves';
import { Dialog } from '../ui/dialog';
import { Fidelity } from '../ui/parts';
import { Act } from './act';
import { State } from './trials';

export function TrialDrawer({ id }: { id: number }) {
  const [trial] = useTrials([id]);
  const others = useTrials(trial?.relatives.filter((one) => one.trial !== id).map((one) => one.trial).slice(0, 3) ?? []);
  return (
    <Dialog title={`Trial ${id}`} kind="drawer" onClose={() => (opened.value = null)}>
      {trial ? <Detail trial={trial} others={others} /> : <p class="empty" role="status">Reading trial {id} … If nothing comes, there is no such trial.</p>}
    </Dialog>
  );
}

function Detail({ trial, others }: { trial: Trial; others: Trial[] }) {
  const { line } = trial;
  const facts: [string, string][] = [
    ['Validation error', quantity('error').write(line.validation_error)],
    ['Test error', quantity('error').write(line.test_error)],
    ['Parameters', as.large(line.parameters)],
    ['Multiply-accumulates', as.macs(line.flops)],
    ['Latency', as.milliseconds(line.latency_ms)],
    ['Energy per inference', as.joules(line.joules_per_inference)],
    ['Time at work', as.duration(line.seconds)],
    ['Energy', as.joules(line.joules)],
    ['Emitted', `${as.grams(trial.gco2eq)} CO₂eq`],
    ['Attempts', `${as.count(line.attempts)}${line.crashes > 0 ? `, ${line.crashes} crashed` : ''}`],
    ['Proposed', `${as.moment(line.proposed_at)} UTC`],
    ['Finished', line.finished_at ? `${as.moment(line.finished_at)} UTC` : as.NONE],
  ];
  return (
    <>
      <p class="lead">
        <Fidelity of={line.fidelity} /> <State line={line} />
      </p>
      {line.part && <p class="note">For the networks that chose {line.part}, counted from 0.</p>}
      {line.reason && <p class="empty trouble">{sentence(line.reason)}</p>}
      <p class="note">{sentence(trial.origin.reason)}</p>
      {line.architecture && <Network text={line.architecture} />}
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Files trial={trial} />
      <Curves trials={[trial, ...others]} />
      {trial.relatives.length > 0 && (
        <section>
          <h3>The same architecture at other fidelities</h3>
          <ul class="relatives">
            {trial.relatives.map((relative) => (
              <li key={relative.trial}>
                <button type="button" class="link" onClick={() => (opened.value = relative.trial)}>
                  {relative.trial}
                </button>{' '}
                <Fidelity of={relative.fidelity} /> {relative.state} {quantity('error').write(relative.validation_error)}
              </li>
            ))}
          </ul>
        </section>
      )}
      <Attempts trial={trial} />
      {line.architecture && (
        <section>
          <h3>Notation</h3>
          <pre class="notation">{line.architecture}</pre>
        </section>
      )}
      <section>
        <h3>What happened</h3>
        <ol class="chronicle">
          {trial.log.map((entry, at) => (
            <li key={at}>
              <time dateTime={entry.at}>{as.withSeconds(entry.at)}</time>
              <span>{briefly(entry.text)}</span>
            </li>
          ))}
        </ol>
      </section>
      <div class="actions">
        {['waiting', 'running', 'suspended'].includes(line.state) && (
          <Act path={`/api/v1/trials/${line.trial}/cancel`} name="Give it up" sure="The attempt that runs is ended and nothing of it is kept; its energy stays booked." />
        )}
        {line.state === 'failed' && <Act path={`/api/v1/trials/${line.trial}/retry`} name="Try it again" />}
      </div>
    </>
  );
}

const FILES: Record<string, string> = { weights: 'Weights as safetensors', torchscript: 'TorchScript', supernet: 'The supernet' };

/** What a worker handed over, to be taken along. */
function Files({ trial }: { trial: Trial }) {
  if (trial.artifacts.length === 0) return null;
  return (
    <section>
      <h3>Files</h3>
      <ul class="relatives">
        {trial.artifacts.map((artifact) => (
          <li key={artifact.sha256}>
            <a href={`/api/v1/trials/${trial.line.trial}/files/${artifact.kind}`} download>
              {FILES[artifact.kind] ?? artifact.kind}
            </a>
            , {as.bytes(artifact.bytes)}, SHA-256 <code>{artifact.sha256.slice(0, 16)}…</code>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Attempts({ trial }: { trial: Trial }) {
  if (trial.attempts.length === 0) return null;
  return (
    <section>
      <h3>Attempts</h3>
      {trial.attempts.map((attempt) => (
        <details class="attempt" key={attempt.attempt} open={trial.attempts.length === 1}>
          <summary>
            {attempt.attempt + 1}. {attempt.worker}, slot {attempt.slot}
            {attempt.zone ? `, ${attempt.zone}` : ''}: {attempt.outcome}; {as.joules(attempt.joules)}, {as.grams(attempt.gco2eq)} CO₂eq
          </summary>
          <p class="note">
            {as.moment(attempt.began_at)} to {attempt.ended_at ? as.moment(attempt.ended_at) : 'now'} UTC
            {attempt.resumed_at != null && `; went on at ${as.percent(attempt.resumed_at, 0)}`}
            {attempt.kept != null && `; ${as.percent(attempt.kept, 0)} put in safety`}; {as.count(attempt.checkpoints)} checkpoints
            {attempt.reason && `; ${attempt.reason}`}
          </p>
          {attempt.energy.length > 0 && (
            <div class="scroll" tabIndex={0} role="region" aria-label={`Energy of attempt ${attempt.attempt + 1}`}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">Grid hour</th>
                    <th scope="col" class="n">Energy</th>
                    <th scope="col" class="n">Mean power</th>
                    <th scope="col" class="n">Intensity</th>
                    <th scope="col" class="n">CO₂eq</th>
                    <th scope="col">Measured by</th>
                  </tr>
                </thead>
                <tbody>
                  {attempt.energy.map((window, at) => (
                    <tr key={at}>
                      <td>{as.moment(window.hour)}</td>
                      <td class="n">{as.joules(window.joules)}</td>
                      <td class="n">{as.watts(window.mean_w)}</td>
                      <td class="n">{as.intensity(window.g_per_kwh)}</td>
                      <td class="n">{as.grams(window.gco2eq)}</td>
                      <td>{method(window.method)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </details>
      ))}
    </section>
  );
}
