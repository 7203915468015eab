// Trials: single ones in full, and a window onto the long list, a page at a time. Pages in sight are asked again when something changed.
import { signal } from '@preact/signals';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { get, Trouble } from '../api/client';
import type { Trial, TrialLine, TrialOrder, Trials, TrialState } from '../api/types';
import { subscribe } from './live';

const PAGE = 100;
/** Pages that are kept: what was scrolled past long ago is asked again. */
const KEPT = 40;
const LEAST_MS = 1_500;

export interface Query {
  fidelity: string | null;
  state: TrialState | null;
  zone: string | null;
  sort: TrialOrder;
  order: 'ascending' | 'descending';
}

/** The list as one query sees it. */
export class Window {
  readonly version = signal(0);
  readonly trouble = signal<Trouble | null>(null);
  matching = 0;
  total = 0;
  /** Whether any answer has come. */
  known = false;
  private readonly pages = new Map<number, TrialLine[]>();
  private readonly loading = new Set<number>();
  private sight: [number, number] = [0, PAGE];
  private closed = new AbortController();

  constructor(private readonly query: Query) {
    void this.load(0);
  }

  row(index: number): TrialLine | undefined {
    return this.pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  look(first: number, last: number): void {
    this.sight = [first, last];
    for (const page of this.inSight()) if (!this.pages.has(page)) void this.load(page);
  }

  async refresh(): Promise<void> {
    await Promise.all(this.inSight().map((page) => this.load(page)));
  }

  close(): void {
    this.closed.abort();
  }

  private inSight(): number[] {
    const [first, last] = this.sight;
    const pages = [];
    for (let page = Math.floor(first / PAGE); page <= Math.floor(Math.max(first, last - 1) / PAGE); page += 1) pages.push(page);
    return pages;
  }

  private async load(page: number): Promise<void> {
    if (this.loading.has(page)) return;
    this.loading.add(page);
    try {
      const found = await get<Trials>(`/api/v1/trials?${this.text(page)}`, this.closed.signal);
      this.pages.delete(page);
      this.pages.set(page, found.trials);
      for (const old of this.pages.keys()) {
        if (this.pages.size <= KEPT) break;
        this.pages.delete(old);
      }
      this.matching = found.matching;
      this.total = found.total;
      this.known = true;
      this.trouble.value = null;
      this.version.value += 1;
    } catch (error) {
      if (error instanceof Trouble) this.trouble.value = error;
    } finally {
      this.loading.delete(page);
    }
  }

  private text(page: number): string {
    const { fidelity, state, zone, sort, order } = this.query;
    const query = new URLSearchParams({ offset: String(page * PAGE), limit: String(PAGE), sort, order });
    if (fidelity) query.set('fidelity', fidelity);
    if (state) query.set('state', state);
    if (zone) query.set('zone', zone);
    return query.toString();
  }
}

export function useWindow(query: Query): Window {
  const key = JSON.stringify(query);
  const made = useMemo(() => new Window(query), [key]);
  useEffect(() => {
    const stop = whenTrialsChange(() => made.refresh());
    return () => {
      stop();
      made.close();
    };
  }, [made]);
  void made.version.value;
  return made;
}

/** Some trials in full, in the order asked for; those that are not there yet are left out. */
export function useTrials(ids: number[]): Trial[] {
  const [known, setKnown] = useState<Map<number, Trial>>(new Map());
  const key = ids.join();
  useEffect(() => {
    const closed = new AbortController();
    const load = async () => {
      const found = await Promise.all(ids.map((id) => get<Trial>(`/api/v1/trials/${id}`, closed.signal).catch(() => null)));
      if (!closed.signal.aborted) setKnown(new Map(found.filter((one) => one !== null).map((one) => [one.line.trial, one])));
    };
    if (ids.length > 0) void load();
    const stop = whenTrialsChange(load);
    return () => {
      stop();
      closed.abort();
    };
  }, [key]);
  return ids.map((id) => known.get(id)).filter((one) => one !== undefined);
}

/** Calls back after changes, not more often than is good for anybody. */
function whenTrialsChange(load: () => Promise<void>): () => void {
  let due: number | undefined;
  let busy = false;
  const stop = subscribe((kinds) => {
    const matters = [...kinds].some((kind) => kind === '*' || kind.startsWith('trial_') || kind.startsWith('task_') || kind === 'evaluation_given');
    if (!matters || due !== undefined || busy) return;
    due = window.setTimeout(async () => {
      due = undefined;
      busy = true;
      await load();
      busy = false;
    }, LEAST_MS);
  });
  return () => {
    stop();
    clearTimeout(due);
  };
}
