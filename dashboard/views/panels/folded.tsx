/**
 * A part of the page that can be folded, and whose code is loaded when it is first seen. In: how to load it. Out: the part, which is told
 * whether anybody looks: it is unfolded and in sight, and the page is neither hidden nor paused.
 */
import type { ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { paused } from '../../state/model.js';

export interface Watched {
  live: boolean;
}
type Content = ComponentType<Watched>;

interface FoldedProps {
  id: string;
  title: string;
  /** The part's module is fetched then. */
  load(): Promise<Content>;
}

export function Folded({ id, title, load }: FoldedProps) {
  const box = useRef<HTMLElement>(null);
  const [open, setOpen] = useState(true);
  const looks = useInSight(box) && open;
  const content = useLoaded(load, looks);
  return (
    <section ref={box} class={`panel folded ${id}`} aria-labelledby={`${id}-title`}>
      <header>
        <h2 id={`${id}-title`}>
          <button
            type="button"
            class="fold"
            aria-expanded={open}
            aria-controls={`${id}-content`}
            onClick={() => setOpen(!open)}
          >
            <span aria-hidden="true">{open ? '▾' : '▸'}</span> {title}
          </button>
        </h2>
      </header>
      <div id={`${id}-content`} hidden={!open}>
        {content === 'failed' ? <p class="empty">This part could not be loaded: reload the page.</p> : null}
        {typeof content === 'function' ? <Part of={content} live={looks && paused.value === null} /> : null}
      </div>
    </section>
  );
}

function Part({ of: Content, live }: { of: Content; live: boolean }) {
  return <Content live={live} />;
}

/** What begins where the window ends is not seen. */
const MORE_THAN_TOUCHING = { rootMargin: '-1px' };

/** In the window, of a page that is not hidden. */
function useInSight(box: { readonly current: HTMLElement | null }): boolean {
  const [inWindow, setInWindow] = useState(false);
  const [isHidden, setHidden] = useState(document.hidden);
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => setInWindow(entries.at(-1)?.isIntersecting ?? false),
      MORE_THAN_TOUCHING,
    );
    const onChange = () => setHidden(document.hidden);
    if (box.current !== null) observer.observe(box.current);
    document.addEventListener('visibilitychange', onChange);
    return () => {
      observer.disconnect();
      document.removeEventListener('visibilitychange', onChange);
    };
  }, []);
  return inWindow && !isHidden;
}

/** Loaded once, when it is wanted first. After a failure the next look tries again. */
function useLoaded(load: () => Promise<Content>, wanted: boolean): Content | 'failed' | null {
  const [content, setContent] = useState<Content | 'failed' | null>(null);
  useEffect(() => {
    if (!wanted || typeof content === 'function') return;
    /* A component is a function: given plainly, it would be called. */
    load().then(
      (loaded) => setContent(() => loaded),
      () => setContent('failed'),
    );
  }, [wanted]);
  return content;
}
