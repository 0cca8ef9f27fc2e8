/** What-if, loaded when it is first wanted: the way in, and its place on the page. */
import { signal } from '@preact/signals';
import type { FunctionComponent } from 'preact';

/** Null: it is not open, or is being loaded. */
const panel = signal<FunctionComponent<{ onClose(): void }> | null>(null);
const isOpen = signal(false);

async function toggle(): Promise<void> {
  isOpen.value = !isOpen.value;
  if (panel.peek() === null) panel.value = (await import('./panel.js')).Panel;
}

const close = () => {
  isOpen.value = false;
  document.getElementById('whatif-open')?.focus();
};

export function OpenWhatIf() {
  return (
    <button
      type="button"
      id="whatif-open"
      class="small"
      aria-expanded={isOpen.value}
      title="What would be with other settings, or with connections that are reused"
      onClick={() => void toggle()}
    >
      What if…
    </button>
  );
}

export function WhatIf() {
  const Panel = isOpen.value ? panel.value : null;
  return Panel === null ? null : <Panel onClose={close} />;
}
