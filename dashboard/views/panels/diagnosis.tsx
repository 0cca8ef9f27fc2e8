/**
 * What is wrong, who, toward what, with which evidence; what to do now and how to fix it for good. Shows the first finding,
 * or the one that was chosen. Enters: findings. Called by app; its parts
 * also by the drawer.
 */
import { signal, useComputed } from '@preact/signals';
import type { Evidence, FindingRow, Fix, Remedy } from '../../../src/protocol/rows.js';
import { findings, hello } from '../../state/model.js';
import { foreign, integer } from '../../text/format.js';
import { findingWords } from '../../text/words.js';
import { Copyable } from './copy.js';

/** The key of the finding that the user looks at; null: the first. */
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

export function Severity({ of }: { of: FindingRow }) {
  const { tone, glyph, word, detail } = findingWords(of);
  return (
    <span class={tone} title={detail}>
      <span aria-hidden="true">{glyph} </span>
      {word}
    </span>
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

function Fact({ of: { text, value } }: { of: Evidence }) {
  return (
    <div>
      <dt>{foreign(text)}</dt>
      <dd>{typeof value === 'number' ? number(value) : foreign(value)}</dd>
    </div>
  );
}

const number = (value: number) => (Number.isInteger(value) ? integer(value) : String(value));

export function DoNow({ remedy: { text, command, undo, effect, persistence } }: { remedy: Remedy }) {
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
    </div>
  );
}

export function ForGood({ fix: { text, snippet } }: { fix: Fix }) {
  return (
    <div class="remedy">
      <p>{foreign(text)}</p>
      {snippet === null ? null : <Copyable text={snippet} label="the example" />}
    </div>
  );
}
