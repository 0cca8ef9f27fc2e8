/**
 * Why the page may not show the truth: no link, an error of the service; and, as one chip with its details, what the service cannot see and
 * what it lost. In: link, problems, losses.
 */
import type { Problem } from '../../../src/protocol/frames.js';
import { problems } from '../../state/health.js';
import { link, namespaces, now, state } from '../../state/model.js';
import { foreign } from '../../text/format.js';
import { lostWords } from '../../text/link-words.js';
import { chipWords, lossWords } from '../../text/words.js';

export function Notices() {
  return (
    <>
      <Lost />
      <Refused />
    </>
  );
}

function Lost() {
  if (link.value.phase !== 'lost') return null;
  const { reason, retry } = lostWords(link.value, now.value);
  return (
    <p class="notice bad">
      <span aria-hidden="true">○ </span>
      <span role="alert">{reason}</span> {retry}
    </p>
  );
}

/** An error of the service that concerns the page as a whole. */
function Refused() {
  const { refusal } = state.value;
  return refusal === null ? null : (
    <p class="notice bad" role="alert">
      The service says: {foreign(refusal.message)} ({refusal.code})
    </p>
  );
}

/** What cannot be seen and what was lost: one small thing, however much it is. */
export function Chip() {
  const words = link.value.phase === 'open' ? chipWords(problems.value, namespaces.value) : null;
  if (words === null) return null;
  const loss = lossWords(namespaces.value);
  return (
    <details class="limits">
      <summary title="What cannot be seen, and what was lost">{words}</summary>
      <ul>
        {problems.value.map((problem) => (
          <Line key={problem.what} problem={problem} />
        ))}
        {loss.tone === 'warn' ? <li>{`Events lost: ${loss.word} (${loss.detail}).`}</li> : null}
      </ul>
    </details>
  );
}

function Line({ problem: { what, why, fix } }: { problem: Problem }) {
  return (
    <li>
      <strong>{foreign(what)}</strong> {foreign(why)}{' '}
      {fix === null ? 'It passes by itself.' : <em>{foreign(fix)}</em>}
    </li>
  );
}
