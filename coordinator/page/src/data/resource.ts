// One answer of the API, kept up to date while something on the screen needs it: asked again when an event says that it changed, and
// now and then because ages and rates change without events. At most one question at a time is under way.
import { signal, type Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { get, Trouble } from '../api/client';
import { subscribe } from './live';

/** A page that nobody looks at asks this seldom. */
const HIDDEN_FACTOR = 10;

export interface Options {
  path: string;
  /** Kinds of events after which the answer is another; a prefix will do. */
  kinds: string[];
  /** Milliseconds between two questions, however many events come. */
  least: number;
  /** Milliseconds after which it is asked again without any event; 0 for never. */
  most: number;
}

export class Resource<T> {
  readonly data: Signal<T | null> = signal(null);
  readonly trouble: Signal<Trouble | null> = signal(null);
  private watchers = 0;
  private loading = false;
  private stale = true;
  private asked = 0;

  constructor(private readonly options: Options) {
    subscribe((kinds) => {
      if (kinds.has('*') || [...kinds].some((kind) => options.kinds.some((known) => kind.startsWith(known)))) {
        this.stale = true;
      }
    });
    all.push(this as Resource<unknown>);
  }

  watch(): () => void {
    this.watchers += 1;
    void this.tick(Date.now());
    return () => {
      this.watchers -= 1;
    };
  }

  /** What was acted on is looked at at once. */
  async refresh(): Promise<void> {
    this.stale = true;
    this.asked = 0;
    await this.tick(Date.now());
  }

  async tick(now: number): Promise<void> {
    const { least, most, path } = this.options;
    const factor = document.hidden ? HIDDEN_FACTOR : 1;
    const age = now - this.asked;
    const due = this.stale ? age >= least * factor : most > 0 && age >= most * factor;
    if (this.watchers === 0 || this.loading || !due) return;
    this.loading = true;
    this.stale = false;
    this.asked = now;
    try {
      this.data.value = await get<T>(path);
      this.trouble.value = null;
    } catch (error) {
      this.stale = true;
      this.trouble.value = error instanceof Trouble ? error : new Trouble(0, String(error));
      // Not at once again: whoever does not answer is not helped by being asked more.
      this.asked = Date.now() + 1_000;
    } finally {
      this.loading = false;
    }
  }
}

const all: Resource<unknown>[] = [];

export function useResource<T>(resource: Resource<T>): T | null {
  useEffect(() => resource.watch(), [resource]);
  return resource.data.value;
}

setInterval(() => {
  const now = Date.now();
  for (const resource of all) void resource.tick(now);
}, 200);
