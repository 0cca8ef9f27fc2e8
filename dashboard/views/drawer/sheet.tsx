/** The frame of what opens beside the page. The focus moves in as it opens. In: a title, content. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface SheetProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}

export function Sheet({ title, onClose, children }: SheetProps) {
  const box = useRef<HTMLElement>(null);
  useEffect(() => box.current?.focus(), []);
  return (
    <aside class="drawer panel" aria-labelledby="drawer-title" tabIndex={-1} ref={box}>
      <header>
        <h2 id="drawer-title">{title}</h2>
        <button type="button" class="small" onClick={onClose} title="Esc">
          Close
        </button>
      </header>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset groups inputs, this groups what scrolls */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolled region must be reachable by keyboard */}
      <div class="scroll" role="group" tabIndex={0} aria-labelledby="drawer-title">
        {children}
      </div>
    </aside>
  );
}
