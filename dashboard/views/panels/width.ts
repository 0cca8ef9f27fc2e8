/** How wide an element is, now and when that changes. In: the element. Out: CSS pixels; 0 before it is on the page. */
import { useLayoutEffect, useState } from 'preact/hooks';

export function useWidth(box: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = () => setWidth(element.clientWidth);
    const size = new ResizeObserver(measure);
    size.observe(element);
    measure();
    return () => size.disconnect();
  }, []);
  return width;
}
