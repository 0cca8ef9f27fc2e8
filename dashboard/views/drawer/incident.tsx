/**
 * All about one incident: evidence, every remedy, where in the code, who, what was changed; or the list of all, with findings that belong to
 * none. In: an incident's key.
 */
import type { IncidentRow } from '../../../src/protocol/rows.js';
import { culpritsTitle, subjectText } from '../../../src/view/incident.js';
import { findings, incidents, inspect } from '../../state/model.js';
import { ALL } from '../../state/place.js';
import { foreign, integer, rate } from '../../text/format.js';
import { holdingWords, incidentWords } from '../../text/incident-words.js';
import { CopyMarkdown } from '../panels/copy-markdown.js';
import { FindLine, Seen } from '../panels/remedies.js';
import { Process } from '../table/cells.js';
import { All } from './all.js';
import { Changes } from './changes.js';
import { Part } from './part.js';
import { Remedies, ROLES } from './remedies.js';
import { Sheet } from './sheet.js';

const close = () => inspect(null);

export function Inspected({ of }: { of: string }) {
  const row = incidents.value.get(of);
  const title = of === ALL ? 'All incidents' : row === undefined ? 'Incident' : foreign(subjectText(row));
  return (
    <Sheet title={title} onClose={close}>
      {of === ALL ? <All /> : row === undefined ? <Missing /> : <About row={row} />}
    </Sheet>
  );
}

const Missing = () => (
  <p class="empty">There is no such incident any more: the service keeps the last 200.</p>
);

function About({ row }: { row: IncidentRow }) {
  const { tone, glyph, word, detail } = incidentWords(row);
  const own = findings.value.filter(({ key }) => row.findings.includes(key));
  const speaker = own.find(({ part }) => !part) ?? own[0];
  return (
    <>
      <p>
        <strong class={tone}>{`${glyph} ${word}`}</strong> <span class="detail">{detail}</span>{' '}
        <CopyMarkdown incident={row} />
      </p>
      <p>{foreign(row.title)}</p>
      <Changes of={row.changes} />
      {ROLES.map((role) => (
        <Remedies key={role} role={role} of={row.remedies.filter((one) => one.role === role)} />
      ))}
      {speaker === undefined ? null : (
        <Part id="evidence" title="Evidence">
          <Seen row={speaker} />
          <FindLine row={speaker} />
        </Part>
      )}
      <People row={row} />
    </>
  );
}

function People({ row }: { row: IncidentRow }) {
  const { culprits, victims } = row;
  return (
    <>
      {culprits.length === 0 ? null : (
        <Part id="culprits" title={culpritsTitle(row)}>
          <ul>
            {culprits.map(({ process, program, ports, share }) => (
              <li key={`${process.pid} ${program}`}>
                <Process process={process} program={program} /> {holdingWords({ ports, share })}
              </li>
            ))}
          </ul>
        </Part>
      )}
      {victims.length === 0 ? null : (
        <Part id="victims" title="Whose calls fail">
          <ul>
            {victims.map(({ process, program, failed, perSec }) => (
              <li key={`${process.pid} ${program}`}>
                <Process process={process} program={program} />{' '}
                {`${integer(failed)} failed, ${rate(perSec)}/s now`}
              </li>
            ))}
          </ul>
        </Part>
      )}
    </>
  );
}
