// The end of one worker's own log, asked for while somebody looks at it.
import { useEffect, useState } from 'preact/hooks';
import { get } from '../api/client';
import type { WorkerLog } from '../api/types';

const EVERY_MS = 5_000;

/** Null until the first answer. */
export function useWorkerLog(name: string): WorkerLog | null {
  const [log, setLog] = useState<WorkerLog | null>(null);
  useEffect(() => {
    const closed = new AbortController();
    // What can't be had for a moment is asked for again; the rest of the page says why.
    const load = () => get<WorkerLog>(`/api/v1/workers/${encodeURIComponent(name)}/log`, closed.signal).then(setLog, () => undefined);
    void load();
    const timer = window.setInterval(load, EVERY_MS);
    return () => {
      closed.abort();
      window.clearInterval(timer);
    };
  }, [name]);
  return log;
}
