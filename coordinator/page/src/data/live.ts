// The stream of events. When it breaks, this asks again by itself, later each time; what was missed is told by the coordinator, which
// goes on after the last event known here. Whoever needs to know of events subscribes.
import { signal } from '@preact/signals';
import { tokenWanted } from '../api/client';
import type { EventLine } from '../api/types';

export interface Connection {
  state: 'connecting' | 'live' | 'lost';
  /** When it was last well, in ms since the epoch. */
  since: number;
  /** When it is tried again, in ms since the epoch. */
  retryAt: number;
}

export const connection = signal<Connection>({ state: 'connecting', since: Date.now(), retryAt: 0 });
/** The latest events that have words, newest first. */
export const chronicle = signal<EventLine[]>([]);

const KEPT = 200;
const FIRST_WAIT = 1_000;
/** A stream ends now and then by design: only when it can't be had again at once is anybody told. */
const AT_ONCE = 200;
const LONGEST_WAIT = 15_000;
/** On arrival the chronicle begins with what happened shortly before. */
const LOOK_BACK = 400;

type Listener = (kinds: Set<string>) => void;
const listeners = new Set<Listener>();
let source: EventSource | null = null;
let timer: number | undefined;
let wait = FIRST_WAIT;
let broken = false;
let last: number | null = null;
let gathered: EventLine[] = [];
let pending = false;

export function subscribe(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Begins to follow; `head` is the last event that what is on the screen tells of. */
export function follow(head?: number): void {
  if (last === null && head !== undefined) last = Math.max(0, head - LOOK_BACK);
  source?.close();
  clearTimeout(timer);
  source = new EventSource(last === null ? '/api/v1/events' : `/api/v1/events?after=${last}`);
  source.onopen = () => {
    const again = broken;
    broken = false;
    wait = FIRST_WAIT;
    connection.value = { state: 'live', since: Date.now(), retryAt: 0 };
    if (again) tell(new Set(['*']));
  };
  source.onmessage = (message) => take(message);
  source.onerror = () => retry();
}

export function retryNow(): void {
  if (connection.value.state !== 'live') follow();
}

function retry(): void {
  source?.close();
  source = null;
  clearTimeout(timer);
  broken = true;
  const { state, since } = connection.value;
  const isFirst = state === 'live';
  connection.value = isFirst ? { state: 'connecting', since: Date.now(), retryAt: 0 } : { state: 'lost', since, retryAt: Date.now() + wait };
  if (tokenWanted.value) return;
  timer = window.setTimeout(() => follow(), isFirst ? AT_ONCE : wait);
  if (!isFirst) wait = Math.min(LONGEST_WAIT, wait * 1.7);
}

/** Events come in bursts: they are gathered and told of once a frame. */
function take(message: MessageEvent<string>): void {
  let line: EventLine;
  try {
    line = JSON.parse(message.data) as EventLine;
  } catch {
    return;
  }
  last = line.sequence;
  gathered.push(line);
  if (pending) return;
  pending = true;
  setTimeout(() => {
    pending = false;
    const lines = gathered;
    gathered = [];
    const told = lines.filter((one) => one.text !== null && one.text !== undefined).reverse();
    if (told.length > 0) chronicle.value = [...told, ...chronicle.value].slice(0, KEPT);
    tell(new Set(lines.map((one) => one.kind)));
  }, 100);
}

function tell(kinds: Set<string>): void {
  for (const listener of listeners) listener(kinds);
}
