/**
 * What is wrong, who, toward what, with which evidence; what to do now and how to fix it for good. Shows the first finding,
 * or the one that was chosen. In: findings.
 */
import { signal, useComputed } from '@preact/signals';
import type { Evidence, FindingRow } from '../../../src/protocol/rows.js';
import { evidenceText } from '../../../src/view/evidence.js';
import { findings, hello } from '../../state/model.js';
import { foreign } from '../../text/format.js';
import { findingWords } from '../../text/words.js';
import { DoNow, FindLine, ForGood, Severity } from './remedies.js';

/** The key of the finding that the user chose; null: the first. */
const chosen = signal<string | null>(null);

export function Diagnosis() {
  const shown = useComputed(
    () => findings.value.find(({ key }) => key === chosen.value) ?? findings.value[0],
  ).value;
  if (!hello.value?.topics.includes('findings')) return null;
  if (shown === undefined) return <Nothing />;
  return (
    <section class="panel diagnosis" aria-labelledby="diagnosis-title">
      <header>
        <h2 id="diagnosis-title">Diagnosis</h2>
        <Severity of={shown} />
        <p class="title">{foreign(shown.title)}</p>
        <Others shown={shown} />
      </header>
      <div class="advice scroll">
        <Seen row={shown} />
        <div>
          <h3>Do now</h3>
          {shown.doNow.length === 0 ? (
            <p class="quiet">Nothing on this machine: change the application.</p>
          ) : null}
          {shown.doNow.map((remedy) => (
            <DoNow key={remedy.text} remedy={remedy} />
          ))}
        </div>
        <div>
          <h3>Fix for good</h3>
          {shown.fixForGood.map((fix) => (
            <ForGood key={fix.text} fix={fix} />
          ))}
          <FindLine row={shown} />
        </div>
      </div>
    </section>
  );
}

function Nothing() {
  return (
    <section class="panel diagnosis" aria-labelledby="diagnosis-title">
      <header>
        <h2 id="diagnosis-title">Diagnosis</h2>
        <p class="quiet">
          Nothing to act on. A finding says who burns ports, toward what, and what to change.
        </p>
      </header>
    </section>
  );
}

/** Several things may be wrong: all by name, in order. */
function Others({ shown }: { shown: FindingRow }) {
  const all = findings.value;
  if (all.length < 2) return null;
  return (
    <label class="others">
      {`${all.indexOf(shown) + 1} of ${all.length} `}
      <select
        aria-label="Findings"
        value={shown.key}
        onChange={(event) => {
          chosen.value = event.currentTarget.value;
        }}
      >
        {all.map((row) => (
          <option key={row.key} value={row.key}>
            {`${findingWords(row).glyph} ${foreign(row.title)}`}
          </option>
        ))}
      </select>
    </label>
  );
}

function Seen({ row }: { row: FindingRow }) {
  return (
    <div>
      <h3>Evidence</h3>
      <dl>
        {row.evidence.map((one) => (
          <Fact key={one.text} of={one} />
        ))}
      </dl>
      <p class="quiet">{`Confidence ${row.confidence}: ${foreign(row.confidenceReason)}.`}</p>
    </div>
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
