/** A text with a button that copies it. */
import { useSignal } from '@preact/signals';
import { foreign } from '../../text/format.js';

const SAID_MS = 2_000;

/** Shown as it will be pasted: hostile characters of a process's name are spelt out on screen and in the copy. */
export function Copyable({ text, label }: { text: string; label: string }) {
  const said = useSignal('');
  const shown = text.split('\n').map(foreign).join('\n');
  const copy = async () => {
    const done = await navigator.clipboard?.writeText(shown).then(
      () => true,
      () => false,
    );
    said.value = done ? 'Copied' : 'Select it and copy';
    setTimeout(() => {
      said.value = '';
    }, SAID_MS);
  };
  return (
    <span class="copyable">
      <code>{shown}</code>
      <button type="button" aria-label={`Copy ${label}`} onClick={() => void copy()}>
        {said.value || 'Copy'}
      </button>
    </span>
  );
}
