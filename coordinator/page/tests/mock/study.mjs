// A made-up study for the page's tests: the same for the same seed, as large as asked for, and able to go on while somebody looks.
// Its shapes are those of docs/api/openapi.json; its figures are plausible and mean nothing.

/** Small, seeded, good enough for pictures. */
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const OPS = ['none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3', 'avg_pool_3x3'];
const HOUR = 3_600_000;
const REFERENCE = [0.5, 1.6e6, 12];
const iso = (ms) => new Date(ms).toISOString().replace('.000Z', 'Z');

const encode = (genes) => {
  const part = (from, to) => genes.slice(from, to).map((gene, at) => `${OPS[gene]}~${at}`).join('|');
  return `|${part(0, 1)}|+|${part(1, 3)}|+|${part(3, 6)}|`;
};

export class Study {
  constructor({ trials = 300, workers = 4, slots = 2, zones = ['DE', 'GB'], seed = 7, objectives = 3, hours = 72 } = {}) {
    this.roll = dice(seed);
    this.zones = zones;
    this.hours = hours;
    this.objectives = ['error', 'parameters', 'latency_ms'].slice(0, objectives);
    this.hour = Math.floor(Date.parse('2026-11-28T12:00:00Z') / HOUR) * HOUR;
    this.started = this.hour - hours * HOUR;
    this.state = 'running';
    this.reason = null;
    this.sequence = 1000;
    this.limits = { carbon: 4200, energy: 14, hours: 168, trainings: null, hypervolume: null };
    this.trials = [];
    this.fleet = Array.from({ length: workers }, (_, at) => this.worker(at, slots));
    for (let id = 0; id < trials; id += 1) this.propose(id, trials);
    this.milestones = this.growth();
  }

  worker(at, slots) {
    const name = `gpu-${String(at + 1).padStart(2, '0')}`;
    const gone = at % 97 === 41;
    return { name, zone: this.zones[at % this.zones.length], gone, draining: false, slots: Array.from({ length: slots }, (_, slot) => ({ slot, trial: null })) };
  }

  propose(id, total) {
    const { roll } = this;
    const genes = Array.from({ length: 6 }, () => Math.floor(roll() * 5));
    const kind = id === 0 ? 'supernet' : roll() < 0.5 ? 'one-shot' : roll() < 0.6 ? 'rung(12)' : 'full';
    const convs = genes.reduce((sum, gene) => sum + (gene === 3 ? 9 : gene === 2 ? 1 : 0), 0);
    const parameters = Math.round(73_306 + convs * 28_000 + roll() * 200);
    const quality = Math.min(1, convs / 30) * 0.6 + (genes[3] === 1 ? 0.2 : 0) + (id / total) * 0.08 + roll() * 0.12;
    const error = Math.min(0.9, Math.max(0.055, 0.42 - 0.4 * quality + (kind === 'full' ? 0 : kind === 'one-shot' ? 0.2 : 0.06) + (roll() < 0.04 ? 0.35 : 0)));
    const late = id > total - 1 - Math.min(26, total / 8);
    const state = !late ? (roll() < 0.012 ? 'failed' : 'finished') : roll() < 0.45 ? 'running' : roll() < 0.3 ? 'suspended' : 'waiting';
    const at = this.started + (id / total) * this.hours * HOUR;
    const worker = this.fleet[Math.floor(roll() * this.fleet.length)];
    const seconds = kind === 'full' ? 5200 + roll() * 900 : kind === 'one-shot' ? 9 + roll() * 3 : 620 + roll() * 90;
    const trial = {
      id, genes, kind, state, at, parameters, error, seconds,
      flops: Math.round(parameters * 110 + 7e6), latency: 2.1 + convs * 0.11 + genes.filter((gene) => gene > 0).length * 0.55 + roll() * 0.2,
      joules: seconds * (190 + roll() * 40), worker, progress: state === 'running' ? roll() : state === 'suspended' ? roll() * 0.9 : null,
    };
    if (state === 'running') {
      const free = this.fleet.filter((one) => !one.gone).flatMap((one) => one.slots.map((slot) => [one, slot])).find(([, slot]) => slot.trial === null);
      if (free && roll() < 0.9) {
        free[1].trial = id;
        trial.worker = free[0];
      } else {
        trial.state = 'waiting';
        trial.progress = null;
      }
    }
    this.trials.push(trial);
    return trial;
  }

  vector(trial) {
    return [trial.error, trial.parameters, trial.latency].slice(0, this.objectives.length);
  }

  done(trial) {
    return trial.state === 'finished';
  }

  front() {
    const full = this.trials.filter((trial) => this.done(trial) && trial.kind === 'full');
    const sorted = full.map((trial) => ({ trial, v: this.vector(trial) })).sort((a, b) => a.v[0] - b.v[0]);
    const kept = [];
    for (const one of sorted) {
      if (!kept.some((other) => other.v.every((value, at) => value <= one.v[at]))) kept.push(one);
      if (kept.length > 120) break;
    }
    return kept;
  }

  growth() {
    const full = this.trials.filter((trial) => this.done(trial) && trial.kind === 'full');
    const stride = Math.max(1, Math.ceil(full.length / 2000));
    const points = [];
    full.forEach((trial, at) => {
      if (at % stride !== 0 && at !== full.length - 1) return;
      const part = (at + 1) / full.length;
      const share = 0.93 * (1 - Math.exp(-6 * part - 0.4));
      const hours = Math.max(0.2, (trial.at - this.started) / HOUR);
      const kg = (2.6 * hours) / this.hours - 0.25 * Math.sin(hours / 4) * part;
      points.push({ at: iso(trial.at), wall_minutes: hours * 60, grid_hours: hours, hypervolume: share * 9.6e6, share: Math.max(points.at(-1)?.share ?? 0, share), front_size: 1 + Math.floor(part * 14), kwh: (8.4 * hours) / this.hours, kg_co2eq: Math.max(kg, points.at(-1)?.kg_co2eq ?? 0.01), trainings: at + 1, given: false });
    });
    return points;
  }

  intensity(zone, ms) {
    const hour = ms / HOUR;
    const base = zone === 'DE' ? 350 : zone === 'GB' ? 190 : 60;
    const wave = Math.cos(((hour % 24) - 20) / 24 * 2 * Math.PI) * 0.38 + Math.cos(((hour % 12) - 7) / 12 * 2 * Math.PI) * 0.12;
    return Math.max(18, base * (1 + wave + 0.08 * Math.sin(hour * 1.7)));
  }

  shares(zone, ms) {
    const slots = this.fleet.filter((one) => one.zone === zone && !one.gone).reduce((sum, one) => sum + one.slots.length, 0);
    const value = this.intensity(zone, ms) / (zone === 'DE' ? 350 : 190);
    const train = Math.round(slots * Math.max(0, Math.min(1, 1.5 - value)));
    const rest = value > 1.3 ? Math.round((slots - train) * 0.5) : 0;
    return { train, sample: slots - train - rest, rest };
  }

  zonesAnswer(hours = 168) {
    const zones = this.zones.map((zone) => {
      const history = [];
      const by = {};
      const span = Math.min(hours, this.hours);
      for (let at = this.hour - (span - 1) * HOUR; at <= this.hour; at += HOUR) {
        const g = this.intensity(zone, at);
        const allocation = this.shares(zone, at);
        const used = { full: allocation.train * 0.16, rung: allocation.train * 0.05, 'one-shot': allocation.sample * 0.035, idle: allocation.rest * 0.02 + 0.01 };
        if (at - this.started < 3 * HOUR) used.supernet = 0.12;
        const kwh = Object.values(used).reduce((sum, value) => sum + value, 0);
        for (const [key, value] of Object.entries(used)) {
          by[key] ??= { kwh: 0, gco2eq: 0 };
          by[key].kwh += value;
          by[key].gco2eq += value * g;
        }
        history.push({ hour: iso(at), g_per_kwh: g, source: 'measured', allocation, kwh, gco2eq: kwh * g, kwh_by_fidelity: used });
      }
      const spent = Object.values(by).reduce((sum, part) => ({ kwh: sum.kwh + part.kwh, gco2eq: sum.gco2eq + part.gco2eq }), { kwh: 0, gco2eq: 0 });
      const levels = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95];
      const ahead = Array.from({ length: 96 }, (_, at) => {
        const g = this.intensity(zone, this.hour + (at + 1) * HOUR) * (1 + 0.02 * Math.sin(at));
        const wide = 0.05 + 0.16 * Math.sqrt((at + 1) / 48);
        return { hour: iso(this.hour + (at + 1) * HOUR), quantiles: [-1.6, -1.2, -0.6, 0, 0.6, 1.2, 1.6].map((z) => Math.max(5, g * (1 + z * wide))) };
      });
      return { zone, g_per_kwh: this.intensity(zone, this.hour), provenance: 'measured by electricity_maps', kind: 'average_direct', slots: this.shares(zone, this.hour).train + this.shares(zone, this.hour).sample + this.shares(zone, this.hour).rest, allocation: this.shares(zone, this.hour), history, forecast: { issued_at: iso(this.hour), model: 'ensemble', levels, hours: ahead }, spent, spent_by_fidelity: by };
    });
    const work = zones.map((zone) => {
      const kwh = zone.spent.kwh - (zone.spent_by_fidelity.idle?.kwh ?? 0);
      const gco2eq = zone.spent.gco2eq - (zone.spent_by_fidelity.idle?.gco2eq ?? 0);
      return { zone: zone.zone, kwh, gco2eq, at_once_gco2eq: gco2eq * 1.37, hours: 31.2, slots: zone.slots };
    });
    const sum = (key) => work.reduce((total, one) => total + one[key], 0);
    return {
      hour: iso(this.hour),
      zones,
      counterfactual: {
        kwh: sum('kwh'), gco2eq: sum('gco2eq'), at_once_gco2eq: sum('at_once_gco2eq'), avoided_share: 1 - sum('gco2eq') / sum('at_once_gco2eq'),
        method: 'Calculated, not measured. The energy of the work done so far (idle slots left out) is taken to be used in the same zones, but without a pause from the study\'s first hour on, evenly over as many hours as the zone\'s slots (the most that were alive at once) would have been busy with it, at the intensities observed in those hours. It is not a forecast of what another policy would have trained.',
        zones: work,
      },
    };
  }

  counts() {
    const names = ['supernet', 'one-shot', 'rung', 'full'];
    const lines = Object.fromEntries(names.map((fidelity) => [fidelity, { fidelity, waiting: 0, running: 0, suspended: 0, finished: 0, given: 0, failed: 0 }]));
    for (const trial of this.trials) lines[trial.kind.replace(/\(.*/, '')][trial.state] += 1;
    return names.map((name) => lines[name]);
  }

  study() {
    const alive = this.fleet.filter((one) => !one.gone);
    const slots = alive.flatMap((one) => one.slots);
    const held = slots.map((slot) => this.trials[slot.trial]).filter(Boolean);
    const paused = this.state === 'paused';
    const training = paused ? 0 : held.filter((trial) => trial.kind !== 'one-shot').length;
    const scoring = paused ? 0 : held.length - training;
    const free = slots.length - training - scoring;
    const resting = paused ? free : Math.min(free, Math.ceil(slots.length / 8));
    const energy = { kwh: 8.41, gco2eq: 2540 };
    const spent = { carbon: energy.gco2eq, energy: energy.kwh, hours: this.hours, trainings: this.milestones.at(-1)?.trainings ?? 0, hypervolume: this.milestones.at(-1)?.hypervolume ?? 0 };
    const units = { carbon: 'gCO2eq', energy: 'kWh', hours: 'grid hours', trainings: 'full trainings', hypervolume: 'hypervolume' };
    const share = this.milestones.at(-1)?.share ?? 0;
    const reference = REFERENCE.slice(0, this.objectives.length);
    const unit = { error: 'share', parameters: 'parameters', latency_ms: 'ms' };
    return {
      name: 'cells-for-the-edge', seed: 7, version: '0.1.0',
      space: { title: 'NAS-Bench-201 cells', decisions: 6, size: 15625 },
      objectives: this.objectives.map((name, at) => ({ name, unit: unit[name], direction: 'minimise', reference: reference[at] })),
      evaluator: 'torch', rehearsed: false, state: this.state, state_reason: this.reason,
      doing: paused ? 'The study is paused, and nothing runs.' : `${training} slots train.`,
      policy: 'planner', allocation_reason: 'trains where the coming 24 h hold nothing cleaner than the quantile that the carbon budget can pay for; DE waits for 03:00, GB is clean now',
      started_at: iso(this.started), finished_at: null, now: iso(this.hour + 0.4 * HOUR), grid_time: iso(this.hour + 0.4 * HOUR), hour_seconds: 3600,
      wall_minutes: this.hours * 60, grid_hours: this.hours,
      budgets: Object.keys(units).map((of) => ({ of, unit: units[of], limit: this.limits[of], spent: spent[of], left: this.limits[of] === null ? null : Math.max(0, this.limits[of] - spent[of]) })),
      eta: { at: iso(this.hour + 46 * HOUR), of: 'carbon', method: 'at the mean rate so far' },
      hypervolume: spent.hypervolume, hypervolume_share: share, front_size: this.front().length,
      energy, training: { kwh: 6.9, gco2eq: 1980 }, energy_estimated_share: 0.08, intensity_synthetic: false,
      trials: this.counts(), scores: { networks: 41, kendall_tau: 0.47, recall_of_top_tenth: 0.4, trusted: true },
      fleet: { workers: alive.length, workers_gone: this.fleet.length - alive.length, slots: slots.length, training, scoring, ready: free - resting, resting },
      sequence: this.sequence, broken_laws: 0,
    };
  }

  frontAnswer() {
    const members = this.front();
    const trained = this.trials.filter((trial) => this.done(trial) && (trial.kind === 'full' || trial.kind.startsWith('rung')));
    const ids = new Set(members.map((one) => one.trial.id));
    const share = this.milestones.at(-1)?.share ?? 0;
    return {
      objectives: this.objectives, reference: REFERENCE.slice(0, this.objectives.length), hypervolume: share * 9.6e6, hypervolume_share: share,
      members: members.map(({ trial, v }) => ({
        trial: trial.id, architecture: encode(trial.genes), objectives: v, validation_error: trial.error, test_error: trial.error + 0.004, parameters: trial.parameters, flops: trial.flops,
        latency_ms: trial.latency, joules_per_inference: trial.latency * 0.021, device: 'NVIDIA A100-SXM4-40GB', seconds: trial.seconds, joules: trial.joules, contribution: 9.6e6 * 0.01 * (0.2 + ((trial.id * 37) % 50) / 50),
        origin: `region ${'+-'.repeat(3).slice(0, 1 + (trial.id % 4))}`, region: '++', given: false, finished_at: iso(trial.at),
      })),
      evaluated: trained.slice(-2000).map((trial) => ({ trial: trial.id, fidelity: trial.kind.replace(/\(.*/, ''), objectives: this.vector(trial), on_front: ids.has(trial.id), given: false })),
      evaluated_total: trained.length,
    };
  }

  line(trial, members) {
    const known = this.done(trial) && trial.kind !== 'supernet';
    return {
      trial: trial.id, fidelity: trial.kind, architecture: trial.kind === 'supernet' ? null : encode(trial.genes), part: null, state: trial.state, progress: trial.progress,
      worker: trial.state === 'waiting' ? null : trial.worker.name, zone: trial.state === 'waiting' ? null : trial.worker.zone,
      validation_error: known ? trial.error : null, test_error: known && trial.kind === 'full' ? trial.error + 0.004 : null,
      parameters: trial.parameters, flops: trial.flops, latency_ms: known ? trial.latency : null, joules_per_inference: known ? trial.latency * 0.021 : null,
      seconds: this.done(trial) ? trial.seconds : null, joules: trial.state === 'waiting' ? 0 : trial.joules, attempts: trial.state === 'waiting' ? 0 : 1 + (trial.id % 7 === 0 ? 1 : 0), crashes: 0,
      origin: 'region ++', reason: trial.state === 'failed' ? 'out of memory on the device, three times' : null, on_front: members.has(trial.id), proposed_at: iso(trial.at), finished_at: this.done(trial) ? iso(trial.at + trial.seconds * 1000) : null,
    };
  }

  trialsAnswer(query) {
    const members = new Set(this.front().map((one) => one.trial.id));
    const wanted = { one_shot: 'one-shot' }[query.get('fidelity')] ?? query.get('fidelity');
    const found = this.trials.filter((trial) =>
      (!wanted || trial.kind.startsWith(wanted)) && (!query.get('state') || trial.state === query.get('state')) && (!query.get('zone') || trial.worker.zone === query.get('zone')));
    const keys = { trial: 'id', error: 'error', parameters: 'parameters', flops: 'flops', latency: 'latency', seconds: 'seconds', energy: 'joules', finished_at: 'at' };
    const key = keys[query.get('sort') ?? 'trial'];
    const sign = query.get('order') === 'descending' ? -1 : 1;
    const sorted = [...found].sort((a, b) => sign * (a[key] - b[key]));
    const [offset, limit] = [Number(query.get('offset') ?? 0), Number(query.get('limit') ?? 50)];
    return { total: this.trials.length, matching: sorted.length, offset, limit, trials: sorted.slice(offset, offset + limit).map((trial) => this.line(trial, members)) };
  }

  trial(id) {
    const trial = this.trials[id];
    if (!trial) return null;
    const line = this.line(trial, new Set(this.front().map((one) => one.trial.id)));
    const epochs = trial.kind === 'full' ? 60 : trial.kind.startsWith('rung') ? 12 : 0;
    const seen = this.done(trial) ? epochs : Math.floor(epochs * (trial.progress ?? 0));
    const curve = Array.from({ length: seen }, (_, at) => ({ epoch: at + 1, training_loss: 2.1 * Math.exp(-at / (epochs / 3)) + 0.2, validation_error: trial.error + 0.4 * Math.exp(-(at + 1) / (epochs / 4)) }));
    const energy = Array.from({ length: 2 }, (_, at) => ({ hour: iso(this.hour - (2 - at) * HOUR), seconds: trial.seconds / 2, joules: trial.joules / 2, mean_w: trial.joules / trial.seconds, g_per_kwh: 210 + 40 * at, gco2eq: (trial.joules / 7.2e6) * (210 + 40 * at), method: 'counter', meter: 'NVML', windows: 4 }));
    const gco2eq = energy.reduce((sum, window) => sum + window.gco2eq, 0);
    const outcome = { finished: 'finished', failed: 'failed', running: 'running', suspended: 'suspended' }[trial.state];
    return {
      line, genes: trial.genes,
      origin: { kind: 'search', region: '++', widened: false, from: null, file: null, reason: 'sought in region ++, where it promised to add most to the front' },
      relatives: id > 2 ? [{ trial: id - 1, fidelity: 'rung(12)', state: 'finished', validation_error: trial.error + 0.05 }] : [],
      attempts: outcome ? [{ attempt: 0, worker: trial.worker.name, zone: trial.worker.zone, slot: 0, began_at: iso(trial.at), ended_at: this.done(trial) ? iso(trial.at + trial.seconds * 1000) : null, outcome, reason: line.reason, resumed_at: null, kept: 0.8, checkpoints: 3, joules: trial.joules, gco2eq, energy }] : [],
      curve, artifacts: this.done(trial) && trial.kind === 'full' ? [{ kind: 'weights', sha256: 'a3f1'.repeat(16), bytes: trial.parameters * 4 }] : [],
      gco2eq: outcome ? gco2eq : 0,
      log: [{ at: iso(trial.at), text: `trial ${id} is proposed from region ++` }, ...(outcome ? [{ at: iso(trial.at + 5000), text: `${trial.worker.name} begins it` }] : [])],
    };
  }

  workersAnswer(query) {
    const list = this.fleet.map((worker, at) => ({
      name: worker.name, zone: worker.zone, host: `${worker.name}.cluster.example`, version: '0.1.0', state: worker.gone ? 'gone' : worker.draining ? 'draining' : 'alive', alive: !worker.gone,
      lost_reason: worker.gone ? 'no heartbeat for 30 s' : null, joined_at: iso(this.started + at * 1000), sessions: 1, heartbeat_age_s: worker.gone ? null : 1 + (at % 5) * 0.7, power_w: worker.gone ? null : worker.slots.reduce((sum, slot) => sum + (slot.trial === null ? 58 : 231), 0),
      joules: 4.1e6 + at * 1e5, finished_trials: 70 + at,
      slots: worker.slots.map((slot) => {
        const trial = this.state === 'paused' || slot.trial === null ? null : this.trials[slot.trial];
        return {
          slot: slot.slot, device: 'NVIDIA A100-SXM4-40GB', memory_mb: 40_536, pace: { seconds: 1.12, joules: 0.94 }, meter: 'NVML energy counter', role: trial ? (trial.kind === 'one-shot' ? 'sample' : 'train') : slot.slot === 1 ? 'rest' : 'sample',
          task: trial ? { trial: trial.id, attempt: 0, fidelity: trial.kind, architecture: encode(trial.genes), since: iso(trial.at), progress: trial.progress, epoch: trial.kind === 'one-shot' ? null : 9 } : null,
          power_w: trial ? 231 : 58, power_age_s: 12, temperature_c: trial ? 61 : 34,
        };
      }),
    }));
    const [offset, limit] = [Number(query.get('offset') ?? 0), Number(query.get('limit') ?? 200)];
    return { total: list.length, matching: list.length, offset, limit, workers: list.slice(offset, offset + limit) };
  }

  workerLog(name) {
    const line = (after, level, text) => ({ at: iso(this.started + after * 1000), level, text });
    return { name, lines: [line(1, 'info', `admitted to study \`fashion\``), line(60, 'warning', 'the power meter can\'t be read'), line(90, 'info', 'task 7.0 finished')] };
  }

  tree() {
    const regions = [];
    const grow = (parent, path, samples, hypervolume, depth) => {
      const id = regions.length;
      const leaf = depth >= 4 || samples < 14 || (path.endsWith('-') && depth > 2);
      const cut = leaf ? null : { decision: (id * 2 + 3) % 6, option: (id + 3) % 5, better_share: 0.78 - 0.06 * depth, worse_share: 0.14 + 0.03 * depth };
      regions.push({ id, parent, depth, path, samples, pending: leaf ? id % 3 : 4, hypervolume, ucb: depth === 0 ? null : hypervolume * (0.9 + 0.4 / Math.sqrt(samples)) , leaf, chosen: path === '++++' || (path === '+++' && leaf), cut });
      if (leaf) return;
      const better = Math.round(samples * 0.44);
      grow(id, `${path}+`, better, hypervolume * 0.99, depth + 1);
      grow(id, `${path}-`, samples - better, hypervolume * (0.72 - 0.04 * depth), depth + 1);
    };
    grow(null, '', Math.max(20, Math.round(this.trials.length * 0.3)), 0.91, 0);
    return { known: true, learnt_at: iso(this.hour + 0.3 * HOUR), fidelity: 'rung(12)', regions };
  }
}
