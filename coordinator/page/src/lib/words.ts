// What the API's keys are called on the screen, and how their values are written. One place, so that a thing has one name.
import type { Objective, Worker } from '../api/types';
import * as as from './format';

export interface Quantity {
  name: string;
  /** For an axis: the unit that `axis` writes numbers in, and how. */
  unit: string;
  write(value: number | null | undefined): string;
  axis(value: number): string;
}

const QUANTITIES: Record<string, Quantity> = {
  error: { name: 'Validation error', unit: '%', write: (v) => as.percent(v, 2), axis: (v) => as.number(v * 100, 1) },
  test_error: { name: 'Test error', unit: '%', write: (v) => as.percent(v, 2), axis: (v) => as.number(v * 100, 1) },
  parameters: { name: 'Parameters', unit: 'parameters', write: as.large, axis: (v) => as.large(v) },
  flops: { name: 'Multiply-accumulates', unit: 'MAC', write: as.macs, axis: (v) => as.large(v) },
  latency_ms: { name: 'Latency', unit: 'ms', write: as.milliseconds, axis: (v) => as.significant(v) },
  joules_per_inference: { name: 'Energy per inference', unit: 'J', write: as.joules, axis: (v) => as.significant(v) },
  joules: { name: 'Training energy', unit: 'J', write: as.joules, axis: (v) => as.large(v) },
};

export function quantity(name: string): Quantity {
  return QUANTITIES[name] ?? { name: sentence(name.replaceAll('_', ' ')), unit: '', write: (v) => as.significant(v), axis: (v) => as.significant(v) };
}

export const reference = (objective: Objective): string => quantity(objective.name).write(objective.reference);

/** rung(12) → rung; a sub-supernet is drawn and filtered as a supernet. */
export const fidelityClass = (fidelity: string): string => fidelity.replace(/\(.*/, '').replace('_', '-').replace('sub-', '');

/** A rung is named by its epochs. */
export function fidelityWords(fidelity: string): string {
  const rung = /^rung\((\d+)\)$/.exec(fidelity);
  if (rung) return `Rung ${rung[1]}`;
  return { supernet: 'Supernet', 'sub-supernet': 'Sub-supernet', 'one-shot': 'One-shot', one_shot: 'One-shot', rung: 'Rung', full: 'Full', idle: 'Idle' }[fidelity] ?? fidelity;
}

const METHODS: Record<string, string> = {
  counter: 'energy counter',
  integrated: 'power, integrated',
  estimated: 'estimated',
  tabulated: 'from a table',
};
export const method = (name: string): string => METHODS[name] ?? name;

const KINDS: Record<string, string> = {
  average_direct: 'average, direct emissions',
  average_lifecycle: 'average, life-cycle emissions',
  marginal_direct: 'marginal, direct emissions',
  marginal_lifecycle: 'marginal, life-cycle emissions',
};
export const signalKind = (kind: string | null | undefined): string => (kind ? (KINDS[kind] ?? kind) : 'kind not known');

export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export function budgetName(of: string): string {
  return { carbon: 'Carbon', energy: 'Energy', hours: 'Grid hours', trainings: 'Full trainings', hypervolume: 'Hypervolume' }[of] ?? of;
}

export function budgetValue(of: string, value: number | null | undefined): string {
  if (value === null || value === undefined) return as.NONE;
  switch (of) {
    case 'carbon':
      return as.grams(value);
    case 'energy':
      return as.kwh(value);
    case 'hours':
      return `${as.number(value, 1)} h`;
    case 'trainings':
      return as.count(value);
    default:
      return as.significant(value, 4);
  }
}

export const workerState = (worker: Worker): string =>
  ({ alive: 'alive', draining: 'draining', gone: 'gone' })[worker.state] ?? worker.state;

const shortOperations = (text: string): string =>
  text.replaceAll('nor_conv_1x1', 'conv1').replaceAll('nor_conv_3x3', 'conv3').replaceAll('avg_pool_3x3', 'pool3').replaceAll('skip_connect', 'skip');

/** An event's words for a list of many. */
export const briefly = (text: string | null | undefined): string => sentence(shortOperations(text ?? ''));

/** An architecture in short, where a whole one has no room. */
export function shortArchitecture(text: string | null | undefined, most = 46): string {
  if (!text) return as.NONE;
  const brief = shortOperations(text);
  return brief.length > most ? `${brief.slice(0, most - 1)}…` : brief;
}
