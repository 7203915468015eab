// What the page knows of the study, each part with the events that change it.
import type { Front, Hypervolume, Study, Tree, Workers, Zones } from '../api/types';
import { Resource } from './resource';

const FINISHED = ['trial_finished', 'evaluation_given'];

export const study = new Resource<Study>({ path: '/api/v1/study', kinds: [''], least: 1_000, most: 5_000 });
export const hypervolume = new Resource<Hypervolume>({ path: '/api/v1/hypervolume', kinds: FINISHED, least: 1_500, most: 0 });
export const front = new Resource<Front>({ path: '/api/v1/front', kinds: FINISHED, least: 1_500, most: 0 });
export const zones = new Resource<Zones>({
  path: '/api/v1/zones',
  kinds: ['carbon_observed', 'forecast_issued', 'allocation_decided', 'energy_spent'],
  least: 2_000,
  most: 30_000,
});
/** The same from the study's first hour on, asked for only where somebody looks that far back. */
export const zonesOfAll = new Resource<Zones>({ path: '/api/v1/zones?hours=8784', kinds: ['forecast_issued'], least: 10_000, most: 60_000 });
export const workers = new Resource<Workers>({
  path: '/api/v1/workers?limit=1000',
  kinds: ['worker_', 'task_', 'trial_', 'allocation_decided', 'energy_spent'],
  least: 1_000,
  most: 3_000,
});
export const tree = new Resource<Tree>({ path: '/api/v1/tree', kinds: ['trial_finished', 'trial_proposed'], least: 2_500, most: 20_000 });
