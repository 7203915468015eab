// Networks in the space of three quantities: a box seen from a side that the reader turns, by dragging or with the arrow keys.
import { useEffect, useRef, useState } from 'preact/hooks';
import { compared, opened } from '../data/place';
import { colour, theme } from '../data/theme';
import { quantity } from '../lib/words';
import { extent, ticks, type Dot, type Member } from './scatter';
import { FONT } from './chart';
import { useSize } from './size';

type Deep<T> = T & { z: number };
type Point = [number, number, number];

const STEP = 0.08;

export function Space({ names, dots, members, chosen }: { names: [string, string, string]; dots: Deep<Dot>[]; members: Deep<Member>[]; chosen: number | null }) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [turn, setTurn] = useState({ around: 0.7, above: 0.42 });
  const size = useSize(box);
  const held = useRef<{ x: number; y: number; moved: boolean } | null>(null);
  const solid = dots.filter((dot) => Number.isFinite(dot.z));
  const known = members.filter((member) => [member.x, member.y, member.z].every(Number.isFinite));
  const spans = (['x', 'y', 'z'] as const).map((key) => extent(solid.map((dot) => dot[key]), known.map((dot) => dot[key])));
  const unit = (value: number, at: number) => ((value - spans[at]![0]) / (spans[at]![1] - spans[at]![0])) * 2 - 1;

  /** From the box [-1, 1]³ to pixels, with the depth. Error stands upright. */
  const project = ([x, y, z]: Point): Point => {
    const [sin, cos] = [Math.sin(turn.around), Math.cos(turn.around)];
    const [rise, flat] = [Math.sin(turn.above), Math.cos(turn.above)];
    const [across, deep] = [x * cos - z * sin, x * sin + z * cos];
    const scale = Math.min(size.width, size.height * 1.25) * 0.27;
    return [size.width / 2 + across * scale, size.height * 0.46 - (y * flat - deep * rise) * scale, deep * flat + y * rise];
  };
  const place = (dot: { x: number; y: number; z: number }): Point => project([unit(dot.x, 0), unit(dot.y, 1), unit(dot.z, 2)]);

  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!canvas.current || !context) return;
    const ratio = devicePixelRatio || 1;
    canvas.current.width = size.width * ratio;
    canvas.current.height = size.height * ratio;
    context.scale(ratio, ratio);
    context.clearRect(0, 0, size.width, size.height);
    context.font = FONT;
    const line = (from: Point, to: Point) => {
      const [a, b] = [project(from), project(to)];
      context.beginPath();
      context.moveTo(a[0], a[1]);
      context.lineTo(b[0], b[1]);
      context.stroke();
    };
    context.strokeStyle = colour('grid');
    for (const at of [-1, -0.5, 0, 0.5, 1]) {
      line([at, -1, -1], [at, -1, 1]);
      line([-1, -1, at], [1, -1, at]);
    }
    context.strokeStyle = colour('soft');
    line([-1, -1, -1], [1, -1, -1]);
    line([-1, -1, -1], [-1, 1, -1]);
    line([-1, -1, -1], [-1, -1, 1]);
    context.fillStyle = colour('soft');
    context.textAlign = 'center';
    const write = (text: string, at: Point) => {
      const [x, y] = project(at);
      context.fillText(text, x, y);
    };
    for (const [index, to] of ([[0, (v: number): Point => [v, -1.12, -1.05]], [1, (v: number): Point => [-1.1, v, -1.1]], [2, (v: number): Point => [-1.05, -1.12, v]]] as const)) {
      for (const value of ticks(spans[index]!, 4)) {
        const at = unit(value, index);
        if (Math.abs(at) <= 1) write(quantity(names[index]!).axis(value), to(at));
      }
    }
    context.fillStyle = colour('ink');
    write(title(names[0]), [0, -1.34, -1.15]);
    write(title(names[1]), [-1, 1.16, -1]);
    write(title(names[2]), [-1.15, -1.34, 0]);
    for (const dot of solid) {
      const [x, y] = place(dot);
      if ([unit(dot.x, 0), unit(dot.y, 1), unit(dot.z, 2)].some((value) => Math.abs(value) > 1)) continue;
      context.globalAlpha = dot.within ? 0.45 : 0.1;
      context.fillStyle = colour(dot.fidelity === 'full' ? 'full' : 'rung');
      context.beginPath();
      context.arc(x, y, 2.2, 0, 7);
      context.fill();
    }
    const sorted = [...known].sort((a, b) => place(b)[2] - place(a)[2]);
    for (const member of sorted) {
      const [x, y] = place(member);
      const [fx, fy] = project([unit(member.x, 0), -1, unit(member.z, 2)]);
      context.globalAlpha = member.within ? 1 : 0.25;
      context.strokeStyle = colour('pale');
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(fx, fy);
      context.stroke();
      context.fillStyle = colour('front');
      context.beginPath();
      context.arc(x, y, member.trial === chosen ? 7 : 5, 0, 7);
      context.fill();
      if (member.trial === chosen || compared.value.includes(member.trial)) {
        context.strokeStyle = colour('ink');
        context.lineWidth = 2;
        context.stroke();
        context.lineWidth = 1;
      }
    }
    context.globalAlpha = 1;
  }, [dots, members, turn, size, chosen, theme.value, names.join(), compared.value]);

  const rotate = (around: number, above: number) =>
    setTurn((now) => ({ around: now.around + around, above: Math.min(1.5, Math.max(-0.2, now.above + above)) }));
  const hit = (event: PointerEvent) => {
    const { left, top } = canvas.current!.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    const near = known.map((member) => ({ member, at: place(member) })).filter(({ at }) => Math.hypot(at[0] - x, at[1] - y) < 10);
    near.sort((a, b) => a.at[2] - b.at[2]);
    if (near[0]) opened.value = near[0].member.trial;
  };
  return (
    <div class="scatter" ref={box}>
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-label={`${names.map((name) => quantity(name).name).join(', ')}: ${known.length} networks on the front. The arrow keys turn the box; the list below has every network.`}
        style={{ width: `${size.width}px`, height: `${size.height}px`, cursor: 'grab' }}
        onKeyDown={(event) => {
          const keys: Record<string, [number, number]> = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
          const step = keys[event.key];
          if (!step) return;
          event.preventDefault();
          rotate(...step);
        }}
        onPointerDown={(event) => {
          held.current = { x: event.clientX, y: event.clientY, moved: false };
          canvas.current!.setPointerCapture(event.pointerId);
        }}
        onPointerMove={(event) => {
          const from = held.current;
          if (!from) return;
          const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
          if (Math.abs(dx) + Math.abs(dy) < 3 && !from.moved) return;
          held.current = { x: event.clientX, y: event.clientY, moved: true };
          rotate(dx / 140, dy / 140);
        }}
        onPointerUp={(event) => {
          if (held.current && !held.current.moved) hit(event);
          held.current = null;
        }}
      />
    </div>
  );
}

const title = (name: string) => {
  const { name: words, unit } = quantity(name);
  return unit && unit.toLowerCase() !== words.toLowerCase() ? `${words} (${unit})` : words;
};
