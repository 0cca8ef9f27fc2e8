/** What was changed while an incident went on, and whether it worked. In: changes. */
import type { Change } from '../../../src/protocol/rows.js';
import { clock, foreign } from '../../text/format.js';
import { changeWords } from '../../text/incident-words.js';
import { Part } from './part.js';

export function Changes({ of }: { of: readonly Change[] }) {
  if (of.length === 0) return null;
  return (
    <Part id="changes" title="What was changed">
      <ul>
        {of.map((change) => (
          <One key={`${change.time} ${change.text}`} change={change} all={of} />
        ))}
      </ul>
    </Part>
  );
}

function One({ change, all }: { change: Change; all: readonly Change[] }) {
  const { tone, glyph, word, detail } = changeWords(change, all);
  return (
    <li>
      {clock(change.time)} <bdi>{foreign(change.text)}</bdi>{' '}
      <strong class={tone}>{`${glyph} ${word}`}</strong>
      {detail === '' ? null : <span class="detail"> {detail}</span>}
    </li>
  );
}
