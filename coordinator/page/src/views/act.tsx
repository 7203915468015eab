// A button that asks something of the coordinator, and says what became of it. What can't be undone asks twice.
import { useState } from 'preact/hooks';
import { post, Trouble } from '../api/client';
import type { Done } from '../api/types';
import { study } from '../data/store';

export interface Said {
  ok: boolean;
  text: string;
}

/** Asks, and puts the answer in words. */
export async function ask(path: string, body?: unknown): Promise<Said> {
  try {
    const done = await post<Done>(path, body);
    void study.refresh();
    return { ok: true, text: done?.text ?? 'Done.' };
  } catch (error) {
    return { ok: false, text: error instanceof Trouble ? error.message : String(error) };
  }
}

export function Act({ path, body, name, sure, kind = '' }: { path: string; body?: unknown; name: string; sure?: string; kind?: string }) {
  const [said, setSaid] = useState<Said | null>(null);
  const [asks, setAsks] = useState(false);
  const [busy, setBusy] = useState(false);
  const act = async () => {
    setAsks(false);
    setBusy(true);
    setSaid(await ask(path, body));
    setBusy(false);
  };
  return (
    <span class="act">
      {asks ? (
        <>
          <span class="sure">{sure}</span>
          <button type="button" class="danger" onClick={act}>
            Yes: {name.toLowerCase()}
          </button>
          <button type="button" onClick={() => setAsks(false)}>
            No
          </button>
        </>
      ) : (
        <button type="button" class={kind} disabled={busy} onClick={() => (sure ? setAsks(true) : void act())}>
          {name}
        </button>
      )}
      {said && (
        <span class={said.ok ? 'said' : 'said trouble'} role="status">
          {said.text}
        </span>
      )}
    </span>
  );
}
