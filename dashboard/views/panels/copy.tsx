/** Text to take along, with a button that copies it. Enters: the text. Called by diagnosis. */
import { useSignal } from '@preact/signals';
import { foreign } from '../../text/format.js';

const SAID_MS = 2_000;

/** Shown as it will be pasted; what a process may have smuggled into it is spelt out, and is not copied either. */
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
