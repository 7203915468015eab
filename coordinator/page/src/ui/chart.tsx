// A chart over one axis, by uPlot: it draws tens of thousands of points in milliseconds, is small, has no dependencies and has kept its
// interface for years. This file gives it a size, the theme's colours, and words for those who do not see it.
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { colour, theme } from '../data/theme';

export type Series = uPlot.AlignedData;

export interface Props {
  /** Options without a size, made anew when the theme or `shape` changes. */
  build(): Omit<uPlot.Options, 'width' | 'height'>;
  data: Series;
  height: number;
  /** What the options depend on. */
  shape: string;
  /** What the chart shows, in a sentence with its figures. */
  label: string;
}

export function Chart({ build, data, height, shape, label }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(data);
  latest.current = data;
  const key = `${theme.value}|${shape}|${height}`;

  useEffect(() => {
    const box = place.current;
    if (!box) return undefined;
    const made = new uPlot({ ...build(), width: Math.max(120, box.clientWidth), height }, latest.current, box);
    plot.current = made;
    const watch = new ResizeObserver(() => {
      const width = Math.max(120, box.clientWidth);
      if (Math.abs(width - made.width) >= 1) made.setSize({ width, height });
    });
    watch.observe(box);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [key]);

  useEffect(() => plot.current?.setData(data), [data]);

  return <div class="chart" ref={place} role="img" aria-label={label} style={{ minHeight: `${height}px` }} />;
}

/** An axis in the page's type and colours. */
export function axis(options: uPlot.Axis & { name?: string }): uPlot.Axis {
  const { name, ...rest } = options;
  return {
    stroke: colour('soft'),
    font: FONT,
    labelFont: FONT,
    grid: { stroke: colour('grid'), width: 1 },
    ticks: { stroke: colour('rule'), width: 1, size: 4 },
    gap: 4,
    size: rest.side === undefined || rest.side % 2 === 0 ? 30 : 52,
    ...(name === undefined ? {} : { label: name, labelSize: 18, labelGap: 2 }),
    ...rest,
  };
}

export const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif';

/** A legend's figure: where the pointer is, else the latest. */
export function told(write: (value: number) => string): uPlot.Series.Value {
  return (self, value, series, at) => {
    const all = self.data[series] as (number | null | undefined)[] | undefined;
    const shown = at === null || at === undefined ? all?.findLast((one) => one !== null && one !== undefined) : value;
    return shown === null || shown === undefined ? '' : write(shown);
  };
}

/** Points are shown where there are few enough to tell them apart. */
export const FEW_POINTS: uPlot.Series.Points = {
  show: (self, at) => (self.data[at]?.length ?? 0) <= 60,
  size: 5,
};

/** A line where something changes, such as now. */
export function mark(at: () => number | null, text: string): uPlot.Plugin {
  return {
    hooks: {
      draw: (self) => {
        const value = at();
        if (value === null) return;
        const x = self.valToPos(value, 'x', true);
        const { left, top, width, height } = self.bbox;
        if (x < left || x > left + width) return;
        const { ctx } = self;
        ctx.save();
        ctx.strokeStyle = colour('soft');
        ctx.fillStyle = colour('soft');
        ctx.setLineDash([4, 4]);
        ctx.beginPath();
        ctx.moveTo(x, top);
        ctx.lineTo(x, top + height);
        ctx.stroke();
        ctx.font = FONT.replace('12px', `${Math.round(11 * uPlot.pxRatio)}px`);
        ctx.textAlign = 'left';
        ctx.textBaseline = 'top';
        ctx.fillText(text, x + 5 * uPlot.pxRatio, top + 3 * uPlot.pxRatio);
        ctx.restore();
      },
    },
  };
}
