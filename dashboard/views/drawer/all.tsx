/** All incidents, those that are over folded away, and the findings that belong to none. In: incidents, findings. */
import type { IncidentRow } from '../../../src/protocol/rows.js';
import { endedText, subjectText } from '../../../src/view/incident.js';
import { inspect } from '../../state/model.js';
import { choose, current, loose, past } from '../../state/rows/incidents.js';
import { foreign } from '../../text/format.js';
import { incidentWords } from '../../text/incident-words.js';
import { Finding } from '../panels/remedies.js';
import { Part } from './part.js';

export function All() {
  return (
    <>
      <Part id="open-incidents" title="Going on">
        {current.value.length === 0 ? <p class="quiet">None.</p> : <List of={current.value} />}
      </Part>
      {past.value.length === 0 ? null : (
        <details>
          <summary>{`Past incidents (${past.value.length})`}</summary>
          <List of={past.value} />
        </details>
      )}
      {loose.value.length === 0 ? null : (
        <Part id="findings" title="Findings beside the incidents">
          {loose.value.map((row) => (
            <Finding key={row.key} row={row} />
          ))}
        </Part>
      )}
    </>
  );
}

function List({ of }: { of: readonly IncidentRow[] }) {
  return (
    <ul class="incidents">
      {of.map((row) => (
        <Line key={row.key} row={row} />
      ))}
    </ul>
  );
}

/** The card shows it too, if it goes on. */
function open({ key }: IncidentRow): void {
  choose(key);
  inspect(key);
}

function Line({ row }: { row: IncidentRow }) {
  const { tone, glyph, word, detail } = incidentWords(row);
  return (
    <li>
      <button type="button" class="plain" onClick={() => open(row)}>
        {foreign(subjectText(row))}
      </button>
      <p class="detail">
        <span class={tone}>{`${glyph} ${word}`}</span>
        {` ${detail}${row.state === 'over' ? `, ${endedText(row)}` : ''}`}
      </p>
    </li>
  );
}
