/**
 * The incidents that go on, as tabs, the worst first; what has no room here, what is over, and findings that belong to none are in the list
 * behind the last button. In: incidents, findings.
 */
import type { IncidentRow } from '../../../src/protocol/rows.js';
import { subjectOf } from '../../../src/view/incident.js';
import { inspect } from '../../state/model.js';
import { ALL } from '../../state/place.js';
import { choose, current, loose, past, shown } from '../../state/rows/incidents.js';
import { foreign } from '../../text/format.js';
import { allWords, incidentWords } from '../../text/incident-words.js';

/** Id of what the tabs show. */
export const CARD = 'incident-card';
const MOST_TABS = 4;

export function Tabs() {
  const rows = current.value;
  const others = { open: rows.length, past: past.value.length, findings: loose.value.length };
  const words = allWords(others);
  if (rows.length < 2 && words === null) return null;
  return (
    <div class="tabs">
      {rows.length < 2 ? <span /> : <List rows={inSight(rows)} />}
      {words === null ? null : (
        <button type="button" class="small" onClick={() => inspect(ALL)}>
          {words}
        </button>
      )}
    </div>
  );
}

/** The one that is shown is always among them. */
function inSight(rows: readonly IncidentRow[]): readonly IncidentRow[] {
  const first = rows.slice(0, MOST_TABS);
  const row = shown.value;
  return row === null || first.some(({ key }) => key === row.key) ? first : [...first.slice(0, -1), row];
}

function List({ rows }: { rows: readonly IncidentRow[] }) {
  const turn = ({ key, currentTarget }: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    const tabs = [...(currentTarget as HTMLElement).querySelectorAll<HTMLElement>('[role=tab]')];
    const next = tabs[tabs.indexOf(document.activeElement as HTMLElement) + (step ?? 0)];
    if (step === undefined || next === undefined) return;
    next.focus();
    next.click();
  };
  return (
    <div role="tablist" aria-label="Incidents" onKeyDown={turn}>
      {rows.map((row) => (
        <Tab key={row.key} row={row} isShown={row.key === shown.value?.key} />
      ))}
    </div>
  );
}

function Tab({ row, isShown }: { row: IncidentRow; isShown: boolean }) {
  const { tone, glyph, word } = incidentWords(row);
  const { name, toward, place } = subjectOf(row);
  return (
    <button
      type="button"
      role="tab"
      aria-selected={isShown}
      aria-controls={isShown ? CARD : undefined}
      tabIndex={isShown ? 0 : -1}
      title={foreign(row.title)}
      onClick={() => choose(row.key)}
    >
      <span class={tone} aria-hidden="true">
        {glyph}{' '}
      </span>
      <span class="sr-only">{word}: </span>
      <bdi>{foreign(name)}</bdi> → <bdi>{foreign(toward ?? place)}</bdi>
    </button>
  );
}
