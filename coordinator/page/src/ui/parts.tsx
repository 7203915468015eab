// Small parts that every view is made of.
import type { ComponentChildren } from 'preact';
import type { Resource } from '../data/resource';
import { fidelityClass, fidelityWords } from '../lib/words';

export function Panel({ title, note, aside, children, kind = '' }: {
  title: string;
  note?: ComponentChildren;
  aside?: ComponentChildren;
  children: ComponentChildren;
  kind?: string;
}) {
  return (
    <section class={`panel ${kind}`}>
      <header>
        <h2>{title}</h2>
        {aside}
      </header>
      {note && <p class="note">{note}</p>}
      {children}
    </section>
  );
}

export function Figure({ name, value, note }: { name: string; value: ComponentChildren; note?: ComponentChildren }) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>
        <span class="value">{value}</span>
        {note !== undefined && <small>{note}</small>}
      </dd>
    </div>
  );
}

export function Fidelity({ of }: { of: string }) {
  return (
    <span class="fidelity">
      <i class={`key ${fidelityClass(of)}`} aria-hidden="true" />
      {fidelityWords(of)}
    </span>
  );
}

/** What is to come here, where there is nothing yet. */
export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

/** What stands in a view's place until its answer is there. */
export function Waiting({ of, what }: { of: Resource<unknown>; what: string }) {
  const trouble = of.trouble.value;
  if (!trouble) return <p class="empty" role="status">Reading {what} …</p>;
  return (
    <p class="empty trouble" role="alert">
      {trouble.message} {advice(trouble.status)}
    </p>
  );
}

function advice(status: number): string {
  if (status === 0) return 'Look whether it runs; this page asks again by itself.';
  if (status === 401) return 'Sign in with the token of its study directory.';
  if (status === 404) return 'This coordinator is of another release than this page: load the page anew.';
  if (status === 503) return 'This page asks again by itself.';
  return '';
}

export function Legend({ items }: { items: [string, string][] }) {
  return (
    <ul class="legend">
      {items.map(([kind, name]) => (
        <li key={kind}>
          <i class={`key ${kind}`} aria-hidden="true" />
          {name}
        </li>
      ))}
    </ul>
  );
}

/** Parts of a whole, side by side. */
export function Parts({ of, label }: { of: { kind: string; name: string; value: number }[]; label: string }) {
  const total = of.reduce((sum, part) => sum + part.value, 0) || 1;
  return (
    <div class="parts" role="img" aria-label={label}>
      {of.filter((part) => part.value > 0).map((part) => (
        <i key={part.kind} class={part.kind} style={{ width: `${(part.value / total) * 100}%` }} />
      ))}
    </div>
  );
}

export function Choice<T extends string>({ label, value, options, onChange }: {
  label: string;
  value: T;
  options: [T, string][];
  onChange: (value: NoInfer<T>) => void;
}) {
  return (
    <label class="choice">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value as T)}>
        {options.map(([key, name]) => (
          <option key={key} value={key} selected={key === value}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** One of a few, all in sight. */
export function Switch<T extends string>({ label, value, options, onChange }: {
  label: string;
  value: T;
  options: [T, string][];
  onChange: (value: NoInfer<T>) => void;
}) {
  return (
    <div class="switch" role="group" aria-label={label}>
      {options.map(([key, name]) => (
        <button type="button" key={key} aria-pressed={key === value} onClick={() => onChange(key)}>
          {name}
        </button>
      ))}
    </div>
  );
}
