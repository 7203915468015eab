// Asks the coordinator, and turns what goes wrong into words. Knows nothing of what is asked.
import { signal } from '@preact/signals';
import type { Problem } from './types';

/** The coordinator demands a token that this browser has not shown yet. */
export const tokenWanted = signal(false);

/** No answer, or one that says no. `status` is 0 where nobody answered. */
export class Trouble extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return ask<T>(path, { signal });
}

export function post<T>(path: string, body?: unknown): Promise<T> {
  if (body === undefined) return ask<T>(path, { method: 'POST' });
  return ask<T>(path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
}

/** A file as it is. */
export function upload<T>(path: string, file: Blob): Promise<T> {
  return ask<T>(path, { method: 'POST', body: file, headers: { 'content-type': 'application/octet-stream' } });
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, { ...init, credentials: 'same-origin' });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Trouble(0, 'The coordinator does not answer.');
  }
  if (answer.ok) {
    const text = await answer.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
  if (answer.status === 401 && path !== '/api/v1/login') tokenWanted.value = true;
  throw new Trouble(answer.status, await reason(answer));
}

async function reason(answer: Response): Promise<string> {
  try {
    const problem = (await answer.json()) as Problem;
    if (typeof problem.detail === 'string') return sentence(problem.detail);
  } catch {
    // No problem document: the status has to do.
  }
  return `The coordinator answered ${answer.status} ${answer.statusText}.`;
}

function sentence(text: string): string {
  const upper = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(upper) ? upper : `${upper}.`;
}
