/**
 * The one sentence: fine, running out (with countdown), out of ports, recovered; and the icon that says it in a tab. The
 * service writes the sentence, so that it is the same in the terminal. In: the verdict.
 */
import { computed, useComputed } from '@preact/signals';
import { parted } from '../../../src/protocol/parts/destination.js';
import type { Place, VerdictRow } from '../../../src/protocol/rows.js';
import fine from '../../icon.svg?no-inline';
import critical from '../../icon-critical.svg?no-inline';
import warning from '../../icon-warning.svg?no-inline';
import { budgets, incidents, link, now, state, verdict } from '../../state/model.js';
import { clock, foreign } from '../../text/format.js';
import { isOld, waitingWords } from '../../text/link-words.js';
import { verdictWords } from '../../text/words.js';
import { Chip } from './notices.js';

const ICONS: Record<VerdictRow['level'], string> = { ok: fine, warning, critical, recovered: fine };

export const icon = (row: VerdictRow | null, old: boolean) => (row === null || old ? fine : ICONS[row.level]);

export function Verdict() {
  const row = verdict.value;
  const old = useComputed(() => isOld(link.value, now.value)).value;
  if (row === null) return <Waiting />;
  const says = verdictWords(row);
  const [before, name, after] = parted(row.text, placesOf(row));
  return (
    <section class={`verdict ${says.tone}`} aria-label="Verdict">
      <span class="glyph" aria-hidden="true">
        {says.glyph}
      </span>
      <p class={name === '' ? undefined : 'named'}>
        <span class="sr-only">{says.word}: </span>
        {name === '' ? (
          foreign(before)
        ) : (
          <>
            <span>{foreign(before)}</span>
            <bdi>{foreign(name)}</bdi>
            <span>{foreign(after)}</span>
          </>
        )}
      </p>
      <span class="detail">{old ? `as of ${clock(state.value.time)}` : says.detail}</span>
      <Chip />
    </section>
  );
}

/** Whose names its sentence may have. */
function placesOf({ incident, budget }: VerdictRow): Place[] {
  const about = incident === null ? undefined : incidents.value.get(incident);
  const ports = budget === null ? undefined : budgets.value.rows.get(budget);
  return [about, ports].flatMap((row) => row?.destination ?? []);
}

const level = computed(() => verdict.value?.level ?? null);
/** The sentence as it was when its level changed: its figures change all the time, and nobody can listen to that. */
const announced = computed(() => {
  const row = level.value === null ? null : verdict.peek();
  return row === null ? '' : `${verdictWords(row).word}: ${foreign(row.text)}`;
});

export function Announcement() {
  return (
    <p role="status" class="sr-only">
      {announced.value}
    </p>
  );
}

/** The sentence keeps its place: what follows must not move when it comes. */
function Waiting() {
  const text = useComputed(() => waitingWords(link.value, now.value)).value;
  return (
    <section class="verdict wait" aria-label="Verdict">
      <span class="glyph" aria-hidden="true">
        ◌
      </span>
      <p>{text}</p>
    </section>
  );
}
