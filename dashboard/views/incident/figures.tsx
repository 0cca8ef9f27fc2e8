/** Two figures of an incident: how much against what is possible; how long is left, or how much has failed. In: an incident. */
import type { IncidentRow } from '../../../src/protocol/rows.js';
import { type Figure, figuresOf } from '../../../src/view/incident.js';

export function Figures({ row }: { row: IncidentRow }) {
  return (
    <dl class="figures">
      {figuresOf(row).map((figure) => (
        <One key={figure.label} figure={figure} />
      ))}
    </dl>
  );
}

function One({ figure: { value, against, label, isBroken } }: { figure: Figure }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        <b class={isBroken ? 'bad' : ''}>{value}</b>
        {against === null ? null : <span> {against}</span>}
      </dd>
    </div>
  );
}
