/** What happened, newest first. In: the event log. */

import type { Entry } from '../../state/journal.js';
import { shownJournal } from '../../state/log.js';
import { clock, integer } from '../../text/format.js';

export function Journal() {
  const entries = shownJournal.value;
  return (
    <section class="panel journal" aria-labelledby="journal-title">
      <header>
        <h2 id="journal-title">Event log</h2>
        <p class="count">{integer(entries.length)}</p>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolled region must be reachable by keyboard */}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset groups inputs, this groups what scrolls */}
      <div class="scroll" role="group" tabIndex={0} aria-labelledby="journal-title">
        {entries.length === 0 ? (
          <p class="empty">
            Nothing yet. Findings, first failures, changed settings and losses are written down here.
          </p>
        ) : (
          <ol>
            {entries.map((entry) => (
              <Line key={entry.key} entry={entry} />
            ))}
          </ol>
        )}
      </div>
    </section>
  );
}

function Line({ entry: { time, tone, glyph, word, text } }: { entry: Entry }) {
  return (
    <li title={text}>
      <time dateTime={new Date(time).toISOString()}>{clock(time)}</time>
      <span class={tone}>
        <span aria-hidden="true">{glyph} </span>
        {word}
      </span>
      <bdi>{text}</bdi>
    </li>
  );
}
