// Networks in the plane of two quantities: the many on a canvas, the front above them as marks that the keyboard reaches. Dragging
// draws a box, which becomes the filter of both axes; the same limits can be typed below the chart.
import { batch } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { compared, opened, setRange, type Range } from '../data/place';
import { colour, theme } from '../data/theme';
import { quantity } from '../lib/words';
import { useSize } from './size';

export interface Dot {
  trial: number;
  x: number;
  y: number;
  fidelity: string;
  within: boolean;
}

export interface Member extends Dot {
  given: boolean;
  name: string;
}

const PAD = { left: 62, right: 16, top: 12, bottom: 42 };

export function ticks([low, high]: Range, wanted: number): number[] {
  const span = high - low || Math.abs(high) || 1;
  const raw = span / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= raw) ?? power * 10;
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-6; value += step) found.push(value);
  return found;
}

/** The span of the front and most of the rest: a few hopeless networks must not squeeze all others into a corner. */
export function extent(values: number[], members: number[]): Range {
  const sorted = values.concat(members).filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return [0, 1];
  const low = sorted[0]!;
  const most = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.93))]!;
  const high = Math.max(most, ...members);
  const room = (high - low || Math.abs(high) || 1) * 0.05;
  return [low - room, high + room];
}

export function Scatter({ x, y, dots, members, chosen }: { x: string; y: string; dots: Dot[]; members: Member[]; chosen: number | null }) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [drag, setDrag] = useState<{ from: [number, number]; to: [number, number] } | null>(null);
  const [hover, setHover] = useState<number | null>(null);

  const { width, height } = useSize(box);
  const spanX = extent(dots.map((dot) => dot.x), members.map((dot) => dot.x));
  const spanY = extent(dots.map((dot) => dot.y), members.map((dot) => dot.y));
  const inner = { width: width - PAD.left - PAD.right, height: height - PAD.top - PAD.bottom };
  const px = (value: number) => PAD.left + ((value - spanX[0]) / (spanX[1] - spanX[0])) * inner.width;
  const py = (value: number) => PAD.top + inner.height - ((value - spanY[0]) / (spanY[1] - spanY[0])) * inner.height;
  const ux = (pixel: number) => spanX[0] + ((pixel - PAD.left) / inner.width) * (spanX[1] - spanX[0]);
  const uy = (pixel: number) => spanY[0] + ((PAD.top + inner.height - pixel) / inner.height) * (spanY[1] - spanY[0]);
  const outside = dots.filter((dot) => dot.x > spanX[1] || dot.y > spanY[1]).length;

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context) return;
    const ratio = devicePixelRatio || 1;
    element.width = width * ratio;
    element.height = height * ratio;
    context.scale(ratio, ratio);
    context.clearRect(0, 0, width, height);
    const colours: Record<string, string> = { full: colour('full'), rung: colour('rung') };
    for (const dot of dots) {
      if (dot.x > spanX[1] || dot.y > spanY[1]) continue;
      context.globalAlpha = dot.within ? 0.6 : 0.12;
      context.fillStyle = colours[dot.fidelity] ?? colour('soft');
      context.beginPath();
      context.arc(px(dot.x), py(dot.y), dot.fidelity === 'full' ? 3.2 : 2.2, 0, 2 * Math.PI);
      context.fill();
    }
  }, [dots, width, height, spanX.join(), spanY.join(), theme.value]);

  const place = (event: PointerEvent): [number, number] => {
    const { left, top } = box.current!.getBoundingClientRect();
    const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
    return [clamp(event.clientX - left, PAD.left, PAD.left + inner.width), clamp(event.clientY - top, PAD.top, PAD.top + inner.height)];
  };
  const finish = () => {
    if (drag) {
      const [x1, x2] = [drag.from[0], drag.to[0]].sort((a, b) => a - b) as Range;
      const [y1, y2] = [drag.from[1], drag.to[1]].sort((a, b) => a - b) as Range;
      if (x2 - x1 > 8 && y2 - y1 > 8) {
        // Together: a box is one step, for the address and for every view that draws it.
        batch(() => {
          setRange(x, [ux(x1), ux(x2)]);
          setRange(y, [uy(y2), uy(y1)]);
        });
      }
    }
    setDrag(null);
  };

  const [qx, qy] = [quantity(x), quantity(y)];
  const stairs = [...members].sort((a, b) => a.x - b.x);
  const shown = hover ?? null;
  const told = stairs.find((member) => member.trial === shown);
  return (
    <div
      class="scatter"
      ref={box}
      onPointerDown={(event) => {
        if (event.button !== 0 || (event.target as Element).closest('.member')) return;
        box.current!.setPointerCapture(event.pointerId);
        const from = place(event);
        setDrag({ from, to: from });
      }}
      onPointerMove={(event) => drag && setDrag({ ...drag, to: place(event) })}
      onPointerUp={finish}
      onPointerCancel={() => setDrag(null)}
    >
      <canvas ref={canvas} aria-hidden="true" style={{ width: `${width}px`, height: `${height}px` }} />
      <svg width={width} height={height} role="group" aria-label={`${qy.name} against ${qx.name}: ${members.length} networks on the front, ${dots.length} trained`}>
        <g class="axes" aria-hidden="true">
          {ticks(spanX, Math.max(3, inner.width / 110)).map((value) => (
            <g key={value}>
              <line x1={px(value)} x2={px(value)} y1={PAD.top} y2={PAD.top + inner.height} />
              <text x={px(value)} y={PAD.top + inner.height + 16} text-anchor="middle">
                {qx.axis(value)}
              </text>
            </g>
          ))}
          {ticks(spanY, Math.max(3, inner.height / 60)).map((value) => (
            <g key={value}>
              <line x1={PAD.left} x2={PAD.left + inner.width} y1={py(value)} y2={py(value)} />
              <text x={PAD.left - 7} y={py(value) + 4} text-anchor="end">
                {qy.axis(value)}
              </text>
            </g>
          ))}
          <text class="name" x={PAD.left + inner.width / 2} y={height - 6} text-anchor="middle">
            {label(qx)}
          </text>
          <text class="name" transform={`translate(13 ${PAD.top + inner.height / 2}) rotate(-90)`} text-anchor="middle">
            {label(qy)}
          </text>
        </g>
        {stairs.map((member) => {
          const marks = [member.within ? '' : 'beyond', compared.value.includes(member.trial) ? 'compared' : '', member.trial === chosen ? 'chosen' : ''];
          return (
            <g
              key={member.trial}
              class={`member ${marks.join(' ')} ${member.given ? 'given' : ''}`}
              tabIndex={0}
              role="button"
              aria-label={`Trial ${member.trial}: ${qx.name} ${qx.write(member.x)}, ${qy.name} ${qy.write(member.y)}`}
              onPointerEnter={() => setHover(member.trial)}
              onPointerLeave={() => setHover(null)}
              onFocus={() => setHover(member.trial)}
              onBlur={() => setHover(null)}
              onClick={() => (opened.value = member.trial)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' && event.key !== ' ') return;
                event.preventDefault();
                opened.value = member.trial;
              }}
            >
              <circle class="halo" cx={px(member.x)} cy={py(member.y)} r={11} />
              <circle class="dot" cx={px(member.x)} cy={py(member.y)} r={member.trial === chosen ? 6.5 : 5} />
            </g>
          );
        })}
        {drag && (
          <rect
            class="brush"
            x={Math.min(drag.from[0], drag.to[0])}
            y={Math.min(drag.from[1], drag.to[1])}
            width={Math.abs(drag.to[0] - drag.from[0])}
            height={Math.abs(drag.to[1] - drag.from[1])}
          />
        )}
      </svg>
      {told && (
        <div
          class="tip"
          role="status"
          style={{ left: `${Math.min(width - 210, Math.max(4, px(told.x) + 12))}px`, top: `${Math.max(4, py(told.y) - 62)}px` }}
        >
          <b>Trial {told.trial}</b>
          <span>{qx.name} {qx.write(told.x)}</span>
          <span>{qy.name} {qy.write(told.y)}</span>
        </div>
      )}
      {outside > 0 && <p class="aside">{outside} worse ones lie outside</p>}
    </div>
  );
}

const label = ({ name, unit }: { name: string; unit: string }) => (unit && unit.toLowerCase() !== name.toLowerCase() ? `${name} (${unit})` : name);
