/** The strip at the top: is this live, of which machine, and how complete are its numbers? */
import { useComputed } from '@preact/signals';
import { hello, link, namespaces, now, state } from '../../state/model.js';
import { liveness, modeWords } from '../../text/link-words.js';
import { coverageWords } from '../../text/words.js';
import { Controls } from './controls.js';
import { narrow } from './narrow.js';

export function Status() {
  return (
    <header class="strip">
      <h1>portchurn</h1>
      <Liveness />
      {narrow.value ? null : <Facts />}
      <Controls />
    </header>
  );
}

function Liveness() {
  const says = useComputed(() => liveness(link.value, state.value.time, now.value)).value;
  return (
    <>
      {/* A screen reader announces only the word: the detail changes every second. */}
      <span class={`live ${says.tone}`}>
        <span class="dot" aria-hidden="true">
          {says.glyph}
        </span>
        <span role="status">{says.word}</span>
      </span>
      <span class="detail">{says.detail}</span>
    </>
  );
}

/** On a narrow screen they stand at the end of the page. */
export function Facts() {
  const greeting = hello.value;
  if (greeting === null) return null;
  const mode = modeWords(greeting);
  const coverage = coverageWords(namespaces.value);
  return (
    <dl class="facts">
      <Fact term="Host" title={`kernel ${greeting.kernel}, portchurn ${greeting.version}`}>
        {greeting.host}
      </Fact>
      <Fact term="Mode" title={mode.title}>
        {mode.word}
      </Fact>
      <Fact term="Coverage" title={coverage.title}>
        {coverage.word}
      </Fact>
    </dl>
  );
}

interface FactProps {
  term: string;
  title: string;
  children: string;
}

function Fact({ term, title, children }: FactProps) {
  return (
    <div title={title}>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}
