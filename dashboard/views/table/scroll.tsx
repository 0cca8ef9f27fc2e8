/**
 * The scrolled box around a table, reachable by keyboard, which knows what part is visible. In: children that take the
 * measures.
 */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { STEP_PX } from './window.js';

export interface Measures {
  /** Scrolled away, px, in steps. */
  top: number;
  /** Visible, px. */
  height: number;
}

interface ScrollProps {
  labelledBy: string;
  children: (measures: Measures) => ComponentChildren;
}

const stepped = (top: number) => Math.floor(top / STEP_PX) * STEP_PX;

/** The same object when nothing changed: then nothing is drawn. */
function changed(last: Measures, top: number, height: number): Measures {
  return last.top === top && last.height === height ? last : { top, height };
}

export function Scroll({ labelledBy, children }: ScrollProps) {
  const box = useRef<HTMLDivElement>(null);
  const [measures, setMeasures] = useState<Measures>({ top: 0, height: 0 });
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = () => {
      element.classList.toggle('aside', element.scrollLeft > 0);
      setMeasures((last) => changed(last, stepped(element.scrollTop), element.clientHeight));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    measure();
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset groups inputs, this groups what scrolls
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolled region must be reachable by keyboard
    <div class="scroll" role="group" ref={box} tabIndex={0} aria-labelledby={labelledBy}>
      {children(measures)}
    </div>
  );
}
