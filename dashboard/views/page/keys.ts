/**
 * The keys of the page: one list, which the handler follows and the help shows. In: keydown events. Out: choices in model,
 * focus in the table. Keys do nothing wherever text can be typed, and in dialogs.
 */

import { GROUP_WORDS } from '../../../src/view/names.js';
import { frozen, inspect, inspected, nextGroup, selected, togglePause } from '../../state/model.js';
import { closeRow, moveCursor } from '../table/cursor.js';
import { TIMELINE_KEYS } from '../timeline/keys.js';

export interface Key {
  /** As `KeyboardEvent.key` has it. */
  keys: readonly string[];
  shown: string;
  does: string;
  run(event: KeyboardEvent): void;
}

/** `help` opens the dialog that shows this very list. */
export function keysWith(help: () => void): readonly Key[] {
  return [
    {
      keys: ['/'],
      shown: '/',
      does: 'write a filter',
      run: writeFilter,
    },
    { keys: ['j', 'ArrowDown'], shown: 'j ↓', does: 'next row', run: () => moveCursor(1) },
    { keys: ['k', 'ArrowUp'], shown: 'k ↑', does: 'previous row', run: () => moveCursor(-1) },
    // The browser itself opens a link on Enter.
    { keys: [], shown: 'Enter', does: 'open the row', run: () => undefined },
    { keys: ['Escape'], shown: 'Esc', does: 'close what is open', run: close },
    { keys: [' '], shown: 'Space', does: 'pause, go on', run: togglePause },
    { keys: ['o'], shown: 'o', does: 'freeze the order, release it', run: toggleOrder },
    {
      keys: ['g'],
      shown: 'g',
      does: `group by the next: ${GROUP_WORDS}`,
      run: nextGroup,
    },
    { keys: ['c'], shown: 'c', does: 'copy the first command', run: copyFirst },
    ...TIMELINE_KEYS,
    { keys: ['t'], shown: 't', does: 'go to the live trace of the open row', run: toTrace },
    { keys: ['?'], shown: '?', does: 'show these keys', run: help },
  ];
}

/** What is typed replaces what was there. */
function writeFilter(): void {
  const box = document.getElementById('filter') as HTMLInputElement | null;
  box?.focus();
  box?.select();
}

function toTrace(): void {
  document.getElementById('trace-title')?.focus();
}

function toggleOrder(): void {
  frozen.value = !frozen.value;
}

function close(): void {
  if (selected.value !== null) closeRow();
  else inspect(null);
}

/** The first command of what is open, else of the incident; its button says whether the browser allowed the copy. */
function copyFirst(): void {
  const first = (place: string) => document.querySelector<HTMLElement>(`${place} button`);
  (first('.drawer .remedy .copyable') ?? first('.incident .copyable.command'))?.click();
}

const isOpen = () => selected.value !== null || inspected.value !== null;

/** Does the focused element use this key itself? */
function isTaken({ key, target }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches('input, select, textarea, [contenteditable]')) return true;
  if (target.matches('button, summary') && (key === ' ' || key === 'Enter')) return true;
  // A box that scrolls uses the arrow keys, unless one of its rows has the focus.
  return key.startsWith('Arrow') && target !== document.body && !target.matches('a.open');
}

export function onKey(keys: readonly Key[], event: KeyboardEvent): void {
  const chord = event.ctrlKey || event.metaKey || event.altKey;
  if (chord || event.defaultPrevented || document.querySelector('dialog[open]') !== null) return;
  const found = isTaken(event) ? undefined : keys.find(({ keys }) => keys.includes(event.key));
  if (found === undefined || (event.key === 'Escape' && !isOpen())) return;
  event.preventDefault();
  found.run(event);
}
