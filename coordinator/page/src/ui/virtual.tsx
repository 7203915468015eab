// A list of any length of which only the rows in sight exist. Rows are of one height; the keys that scroll a page scroll it.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useSize } from './size';

/** Rows beyond each edge, so that scrolling does not show blanks. */
const MARGIN = 12;
/** The head, the border, and a scroll bar below where there is one. */
const HEAD = 50;

export function Virtual({ count, rowHeight, label, head, row, onSight, columns }: {
  count: number;
  rowHeight: number;
  label: string;
  head: ComponentChildren;
  row(index: number): ComponentChildren;
  /** Which rows are in sight. */
  onSight?(first: number, last: number): void;
  columns: number;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const { height } = useSize(box);

  const first = Math.max(0, Math.floor(top / rowHeight) - MARGIN);
  const last = Math.min(count, Math.ceil((top + height) / rowHeight) + MARGIN);
  useEffect(() => onSight?.(first, last), [first, last, onSight]);

  const rows = [];
  for (let index = first; index < last; index += 1) {
    rows.push(
      <div
        class="row"
        role="row"
        aria-rowindex={index + 2}
        key={index}
        style={{ transform: `translateY(${index * rowHeight}px)`, height: `${rowHeight}px` }}
      >
        {row(index)}
      </div>,
    );
  }
  return (
    <div
      class="virtual"
      ref={box}
      role="table"
      aria-label={label}
      aria-rowcount={count + 1}
      aria-colcount={columns}
      tabIndex={0}
      style={{ height: `${count * rowHeight + HEAD}px` }}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <div class="row head" role="row" aria-rowindex={1}>
        {head}
      </div>
      <div class="body" role="rowgroup" style={{ height: `${count * rowHeight}px` }}>
        {rows}
      </div>
    </div>
  );
}
