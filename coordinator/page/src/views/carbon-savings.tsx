// What the same work would have emitted at once. A calculation, and called so wherever it is shown, with its method in full.
import type { Counterfactual } from '../api/types';
import * as as from '../lib/format';
import { Empty, Panel } from '../ui/parts';

export function Savings({ of }: { of: Counterfactual }) {
  const { at_once_gco2eq: atOnce, avoided_share: avoided } = of;
  const most = Math.max(of.gco2eq, atOnce ?? 0) || 1;
  return (
    <Panel title="Against the same work run at once" aside={<span class="badge">counterfactual</span>}>
      {atOnce == null ? (
        <Empty>There is something to compare once work was done and the intensity of its hours is known.</Empty>
      ) : (
        <>
          <p class="headline">
            {avoided == null ? as.NONE : avoided >= 0 ? `${as.percent(avoided, 0)} less` : `${as.percent(-avoided, 0)} more`}
            <small> CO₂eq than had it been run at once: {as.grams(Math.abs(atOnce - of.gco2eq))} {atOnce >= of.gco2eq ? 'avoided' : 'added'}, by calculation</small>
          </p>
          <dl class="bars">
            <div>
              <dt>As it was run</dt>
              <dd>
                <i class="as-run" style={{ width: `${(of.gco2eq / most) * 100}%` }} aria-hidden="true" />
                <span>{as.grams(of.gco2eq)}</span>
              </dd>
            </div>
            <div>
              <dt>At once</dt>
              <dd>
                <i class="at-once" style={{ width: `${(atOnce / most) * 100}%` }} aria-hidden="true" />
                <span>{as.grams(atOnce)}</span>
              </dd>
            </div>
          </dl>
          <div class="scroll" tabIndex={0} role="region" aria-label="Counterfactual by zone">
            <table>
              <thead>
                <tr>
                  <th scope="col">Zone</th>
                  <th scope="col" class="n">Work</th>
                  <th scope="col" class="n">As it was run</th>
                  <th scope="col" class="n">At once</th>
                  <th scope="col" class="n">Busy for</th>
                  <th scope="col" class="n">Slots</th>
                </tr>
              </thead>
              <tbody>
                {of.zones.map((zone) => (
                  <tr key={zone.zone}>
                    <th scope="row">{zone.zone}</th>
                    <td class="n">{as.kwh(zone.kwh)}</td>
                    <td class="n">{as.grams(zone.gco2eq)}</td>
                    <td class="n">{as.grams(zone.at_once_gco2eq)}</td>
                    <td class="n">{as.number(zone.hours, 1)} h</td>
                    <td class="n">{as.count(zone.slots)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
      <p class="note method">
        <b>How it is calculated.</b> {of.method}
      </p>
    </Panel>
  );
}
