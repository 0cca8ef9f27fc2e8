/** The cells that tables share. In: row fields. Out: text nodes, dimmed when there is nothing to see. */
import { besideAddress } from '../../../src/protocol/parts/destination.js';
import type { Place, ProcessInfo } from '../../../src/protocol/rows.js';
import { ownerName, UNKNOWN_OWNER, workloadText } from '../../../src/view/names.js';
import { countOf, duration, endpoint, foreign, rate, UNKNOWN } from '../../text/format.js';
import type { Saying } from '../../text/words.js';

/** A number's text; zero and unknown are dimmed so that other values stand out. No component: there are hundreds of them. */
const quiet = (text: string) => (
  <span class={text === '0' || text === UNKNOWN ? 'quiet' : undefined}>{text}</span>
);

export const Count = ({ of, atLeast = false }: { of: number | null; atLeast?: boolean }) =>
  quiet(countOf(of, atLeast));

export const Rate = ({ of }: { of: number | null }) => quiet(rate(of));

export const Span = ({ of }: { of: number | null }) => quiet(duration(of));

/** A rate that should be zero: anything else is loud. */
export const BadRate = ({ of }: { of: number | null }) =>
  of === null || of === 0 ? <Rate of={of} /> : <strong class="bad">{rate(of)}</strong>;

/** Name, interpreter and pid of a process, or the program into which it was rolled up once it had ended; said plainly when unknown. */
export function Process({ process, program }: { process: ProcessInfo; program: string | null }) {
  const name = ownerName({ process, program });
  if (name === null && process.pid === null) return <span class="quiet">{UNKNOWN_OWNER}</span>;
  return (
    <span class="process" title={details(process)}>
      <bdi class="name">{foreign(name)}</bdi>
      <Beside process={process} /> <Tag process={process} program={program} />
    </span>
  );
}

/** Where there is no room the interpreter is cut first, then the name, never the pid. */
function Beside({ process: { interpreter, pid } }: { process: ProcessInfo }) {
  return (
    <>
      {interpreter === null ? null : (
        <span class="pid interpreter">{` ${foreign(interpreter)}${pid === null ? '' : ' ·'}`}</span>
      )}
      {pid === null ? null : <span class="pid">{` ${pid}`}</span>}
    </>
  );
}

function Tag({ process, program }: { process: ProcessInfo; program: string | null }) {
  if (process.self) return <span class="tag">this tool</span>;
  if (process.pid === null && program !== null) return <span class="tag">ended processes</span>;
  if (process.exited) return <span class="tag">exited</span>;
  const place = process.pod ?? process.container ?? process.unit;
  return place === null ? null : <bdi class="place">{foreign(place)}</bdi>;
}

function details(process: ProcessInfo): string {
  const { parent } = process;
  const lines = [
    ['command', process.cmdline],
    ['script', process.script],
    ['comm', process.comm],
    ['exe', process.exe],
    ['parent', parent.pid === null ? null : `${parent.comm ?? UNKNOWN} ${parent.pid}`],
    ['unit', process.unit],
    ['container', process.container],
    ['image', process.image],
    ['pod', process.pod],
    ['workload', workloadText(process)],
    ['cgroup', process.cgroup],
    ['uid', process.uid === null ? null : String(process.uid)],
  ] as const;
  return lines.flatMap(([label, text]) => (text === null ? [] : `${label}: ${foreign(text)}`)).join('\n');
}

/** What stands behind the address is left out where less than a few letters of it fit; where there is still no room the host is cut, never the port. */
export function Address({ of }: { of: Place }) {
  const text = endpoint(of);
  if (text === UNKNOWN) return quiet(text);
  const [beside] = besideAddress(of).map(foreign);
  const colon = text.lastIndexOf(':');
  const parts = (
    <>
      <span class="host">{text.slice(0, colon)}</span>
      <span>{text.slice(colon)}</span>
    </>
  );
  if (beside === undefined)
    return (
      <bdi class="address" title={text}>
        {parts}
      </bdi>
    );
  return (
    <bdi class="address known" title={`${text} ${beside}`}>
      <bdi class="address">{parts}</bdi>
      <bdi class="beside">{` ${beside}`}</bdi>
    </bdi>
  );
}

export const Name = ({ of, none = UNKNOWN }: { of: string | null; none?: string }) =>
  of === null ? <span class="quiet">{none}</span> : <bdi title={foreign(of)}>{foreign(of)}</bdi>;

/** What comes next, louder the worse it is. */
export function Outlook({ says: { tone, glyph, word, detail } }: { says: Saying }) {
  const quiet = tone === 'wait' || tone === 'good' ? 'quiet' : tone;
  return (
    <span class={quiet} title={detail}>
      {`${glyph} ${word}`.trim()}
    </span>
  );
}
