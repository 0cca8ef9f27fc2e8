/**
 * Why the page may not show the truth: no link, an error of the service, what the service cannot see. Each with what to do.
 * In: link, problems.
 */
import type { Problem } from '../../../src/protocol/frames.js';
import { problems } from '../../state/health.js';
import { link, now, state } from '../../state/model.js';
import { foreign } from '../../text/format.js';
import { lostWords } from '../../text/link-words.js';

export function Notices() {
  return (
    <>
      <Lost />
      <Refused />
      <Degraded />
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

function Degraded() {
  if (link.value.phase !== 'open' || problems.value.length === 0) return null;
  return (
    <div class="notice" role="status" aria-label="What cannot be seen">
      <ul>
        {problems.value.map((problem) => (
          <Line key={problem.what} problem={problem} />
        ))}
      </ul>
    </div>
  );
}

function Line({ problem: { what, why, fix } }: { problem: Problem }) {
  return (
    <li>
      <strong class="warn">
        <span aria-hidden="true">◐ </span>
        {foreign(what)}
      </strong>{' '}
      {foreign(why)} {fix === null ? 'It passes by itself.' : <em>{foreign(fix)}</em>}
    </li>
  );
}
