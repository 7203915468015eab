// How large an element is, known before it is first painted: what is drawn to a guess would be wider than a phone for a moment.
import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

export interface Size {
  width: number;
  height: number;
}

/** Only for the render that makes the element; it is measured, and rendered again, before anything is painted. */
const UNMEASURED: Size = { width: 300, height: 300 };

/** The inner width and height of an element in CSS pixels, and again whenever they change. */
export function useSize(of: RefObject<HTMLElement | null>): Size {
  const [size, setSize] = useState(UNMEASURED);
  useLayoutEffect(() => {
    const element = of.current;
    if (!element) return undefined;
    const measure = () => setSize((last) => (last.width === element.clientWidth && last.height === element.clientHeight ? last : { width: element.clientWidth, height: element.clientHeight }));
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return size;
}
