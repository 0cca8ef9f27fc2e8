/**
 * A text with a button that copies it. Over plain HTTP beyond loopback a browser has no clipboard: then the text is selected, and the
 * button says which keys copy it.
 */
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { foreign } from '../../text/format.js';

const SAID_MS = 4_000;

interface CopyableProps {
  text: string;
  /** What it is, for those who do not see it beside the button. */
  label: string;
  /** Of the button. */
  caption?: string;
  className?: string;
}

/** Shown as it will be pasted: hostile characters of a process's name are spelt out on screen and in the copy. */
export function Copyable({ text, label, caption = 'Copy', className = '' }: CopyableProps) {
  const said = useSignal('');
  const code = useRef<HTMLElement>(null);
  const shown = text.split('\n').map(foreign).join('\n');
  const copy = async () => {
    said.value = (await written(shown)) ? 'Copied' : selected(code.current);
    setTimeout(() => {
      said.value = '';
    }, SAID_MS);
  };
  return (
    <span class={`copyable ${className}`}>
      <code ref={code} title={shown}>
        {shown}
      </code>
      <button type="button" aria-label={said.value || `${caption}: ${label}`} onClick={() => void copy()}>
        {said.value || caption}
      </button>
    </span>
  );
}

async function written(text: string): Promise<boolean> {
  try {
    if (navigator.clipboard === undefined) return false;
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Leaves the text selected; the browser of old may copy what is selected, else the user does. */
function selected(code: HTMLElement | null): string {
  if (code === null) return '';
  getSelection()?.selectAllChildren(code);
  return document.execCommand('copy') ? 'Copied' : 'Selected: press Ctrl+C';
}
