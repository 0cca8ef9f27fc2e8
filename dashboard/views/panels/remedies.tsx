/** A finding: how bad it is, its evidence, what to do now, how to fix it for good. In: findings. */
import type { Evidence, FindingRow, Fix, Remedy } from '../../../src/protocol/rows.js';
import { evidenceText } from '../../../src/view/evidence.js';
import { incidents } from '../../state/model.js';
import { foreign } from '../../text/format.js';
import { findingWords } from '../../text/words.js';
import { Copyable } from './copy.js';

export function Finding({ row }: { row: FindingRow }) {
  return (
    <div class="finding">
      <p>
        <Severity of={row} /> <strong>{foreign(row.title)}</strong>
      </p>
      <Seen row={row} />
      {row.doNow.map((remedy) => (
        <DoNow key={remedy.text} remedy={remedy} />
      ))}
      {row.fixForGood.map((fix) => (
        <ForGood key={fix.text} fix={fix} />
      ))}
      <FindLine row={row} />
    </div>
  );
}

export function Seen({ row }: { row: FindingRow }) {
  return (
    <>
      <dl>
        {row.evidence.map((one) => (
          <Fact key={one.text} of={one} />
        ))}
      </dl>
      <p class="quiet">{`Confidence ${row.confidence}: ${foreign(row.confidenceReason)}.`}</p>
    </>
  );
}

function Fact({ of }: { of: Evidence }) {
  return (
    <div>
      <dt>{foreign(of.text)}</dt>
      <dd>{foreign(evidenceText(of))}</dd>
    </div>
  );
}

/** Red is for what is broken now: a critical finding may be about what comes. */
function Severity({ of }: { of: FindingRow }) {
  const { tone, glyph, word, detail } = findingWords(of);
  const incident = incidents.value.get(of.incident ?? '');
  const isBroken = incident?.state === 'open' && incident.severity === 'critical';
  return (
    <span class={tone === 'bad' && !isBroken ? 'warn' : tone} title={detail}>
      <span aria-hidden="true">{glyph} </span>
      {word}
    </span>
  );
}

function DoNow({ remedy: { text, command, undo, effect, persistence, snippet } }: { remedy: Remedy }) {
  return (
    <div class="remedy">
      <p>{foreign(text)}</p>
      {command === null ? null : <Copyable text={command} label={`the command: ${text}`} />}
      {undo === null ? null : (
        <p class="undo">
          Undo: <Copyable text={undo} label="what takes it back" />
        </p>
      )}
      <p class="quiet">
        {[effect, persistence].flatMap((one) => (one === null ? [] : foreign(one))).join(' ')}
      </p>
      {snippet === null ? null : <Copyable text={snippet} label={`what keeps it: ${text}`} />}
    </div>
  );
}

/** Long, and for whoever is at home in the code: closed until it is asked for. */
export function FindLine({ row: { findLine } }: { row: FindingRow }) {
  return (
    <>
      {findLine.map((fix) => (
        <details key={fix.text}>
          <summary>Find the line that opens them</summary>
          <ForGood fix={fix} />
        </details>
      ))}
    </>
  );
}

function ForGood({ fix: { text, snippet } }: { fix: Fix }) {
  return (
    <div class="remedy">
      <p>{foreign(text)}</p>
      {snippet === null ? null : <Copyable text={snippet} label="the example" />}
    </div>
  );
}
