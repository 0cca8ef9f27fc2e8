/**
 * The filter box. The service parses the filter; where it refuses one it names the column, which is shown below the text.
 * In: the flows table's refusal. Out: the filter signal.
 */
import { effect, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { filter, flows, setFilter } from '../../state/model.js';
import { moveCursor } from '../table/cursor.js';

const TYPING_MS = 300;
const EXAMPLE = 'process:ab dst:10.0.0.0/8 timeWait:>1000';

export function FilterBox() {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const box = useRef<HTMLInputElement>(null);
  // Not a property: each new frame draws this anew, and would take back what is being typed.
  useSignalEffect(() => {
    const text = filter.value;
    if (box.current !== null && box.current.value !== text) box.current.value = text;
  });
  const later = (text: string, ms: number) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setFilter(text), ms);
  };
  const { refusal } = flows.value;
  const onKey = (event: KeyboardEvent) => {
    const { key, isComposing } = event;
    if ((key !== 'Enter' && key !== 'Escape') || isComposing) return;
    event.preventDefault();
    clearTimeout(timer.current);
    setFilter(box.current?.value ?? '');
    if (key === 'Enter') leaveForRow();
    else leave();
  };
  return (
    <search class="filter">
      <label for="filter">Filter</label>
      <span class="field">
        <input
          ref={box}
          id="filter"
          type="search"
          spellcheck={false}
          autocomplete="off"
          placeholder={EXAMPLE}
          title="Press / to come here. Words are ANDed; ! negates; keys: pid process exe unit container image pod workload netns dst port dir program and any number column"
          aria-invalid={refusal !== null}
          aria-describedby="filter-error"
          onKeyDown={onKey}
          onInput={({ currentTarget }) => later(currentTarget.value, TYPING_MS)}
          onChange={({ currentTarget }) => later(currentTarget.value, 0)}
        />
        {refusal?.column == null ? null : <Caret column={refusal.column} />}
      </span>
      <output id="filter-error" class="bad">
        {refusal === null
          ? ''
          : `${refusal.message.replace(/^column \d+: /, '')}${refusal.column === null ? '' : ` (column ${refusal.column})`}`}
      </output>
    </search>
  );
}

/** Leaves the box with the filter as it is: from here on keys are keys again. */
function leave(): void {
  document.querySelector<HTMLElement>('.culprits .scroll')?.focus();
}

/** To the first row of what was asked for, which may have to come yet. A refused filter has none. */
function leaveForRow(): void {
  let isDone = false;
  const end = effect(() => {
    const { asked, query, refusal } = flows.value;
    const isSent = (query.filter ?? '').startsWith(filter.value.trim());
    if (isDone || !isSent || asked !== null) return;
    isDone = true;
    setTimeout(() => {
      end();
      if (refusal === null && !moveCursor(1)) leave();
    });
  });
}

/** Marks the refused place; the words beside the box say it too. */
function Caret({ column }: { column: number }) {
  return <span class="caret" style={{ '--column': String(column - 1) }} aria-hidden="true" />;
}
