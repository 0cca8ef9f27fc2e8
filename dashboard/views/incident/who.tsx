/** Who, toward what, where, since when; and the way to the evidence. In: an incident. */
import type { IncidentRow } from '../../../src/protocol/rows.js';
import { subjectOf } from '../../../src/view/incident.js';
import { inspect } from '../../state/model.js';
import { foreign } from '../../text/format.js';
import { incidentWords } from '../../text/incident-words.js';

export function Who({ row }: { row: IncidentRow }) {
  const { name, beside, does, toward, other, place } = subjectOf(row);
  const { tone, glyph, word, detail } = incidentWords(row);
  return (
    <div class="who">
      <h2 title={foreign(row.title)}>
        <bdi class={beside === null ? 'name' : 'name alone'}>{foreign(name)}</bdi>
        {beside === null ? null : <span class="beside"> {foreign(beside)}</span>} {does}{' '}
        {toward === null ? null : <bdi class="toward">{foreign(toward)}</bdi>}
        <span class="beside">
          {' '}
          in <bdi>{foreign(place)}</bdi>
        </span>
        {other === null ? null : (
          <span class="other">
            {' → '}
            <bdi>{foreign(other)}</bdi>
          </span>
        )}
      </h2>
      <p>
        <strong class={tone}>
          <span aria-hidden="true">{glyph} </span>
          {word}
        </strong>
        <span class="detail">{detail}</span>
        <button type="button" class="small" onClick={() => inspect(row.key)}>
          Evidence and all remedies
        </button>
      </p>
    </div>
  );
}
