/**
 * The first thing to read: one incident in three parts, who toward what, two figures, what to do; the others are tabs. Which incident it
 * shows never changes under the pointer or the focus, what it says of it does. In: incidents.
 */
import type { ComponentChildren } from 'preact';
import type { IncidentRow } from '../../../src/protocol/rows.js';
import { hello, incidents, verdict } from '../../state/model.js';
import { current, held, shown } from '../../state/rows/incidents.js';
import { Calm } from './calm.js';
import { Figures } from './figures.js';
import { Fix } from './fix.js';
import { CARD, Tabs } from './tabs.js';
import { Who } from './who.js';

export function Incident() {
  const row = shown.value;
  if (!hello.value?.topics.includes('incidents') || verdict.value === null) return null;
  return (
    <Held>
      <Tabs />
      {row === null ? <Calm past={incidents.value.size > 0} /> : <Parts row={row} />}
    </Held>
  );
}

function Held({ children }: { children: ComponentChildren }) {
  const hold = (is: boolean) => () => {
    held.value = is;
  };
  const leave = ({ currentTarget }: Event) => {
    held.value = (currentTarget as HTMLElement).contains(document.activeElement);
  };
  return (
    <section
      class="panel incident"
      aria-label="Incident"
      onPointerEnter={({ pointerType }) => pointerType === 'mouse' && hold(true)()}
      onPointerLeave={leave}
      onFocusIn={hold(true)}
      onFocusOut={({ currentTarget }) => {
        held.value = currentTarget.matches(':hover');
      }}
    >
      {children}
    </section>
  );
}

/** Made anew for another incident: nothing of one is left in the other's place. */
function Parts({ row }: { row: IncidentRow }) {
  return (
    <div class="parts" id={CARD} role={current.value.length > 1 ? 'tabpanel' : undefined} key={row.key}>
      <Who row={row} />
      <Figures row={row} />
      <Fix row={row} />
    </div>
  );
}
