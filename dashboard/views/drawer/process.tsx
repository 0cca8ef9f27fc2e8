/** Who a row is about: command line, executable, user, parents, cgroup; and who is at the other end. In: a row, its detail once it is known. */

import type { FlowDetail } from '../../../src/protocol/detail.js';
import { otherEnd } from '../../../src/protocol/parts/destination.js';
import type { FlowRow } from '../../../src/protocol/rows.js';
import { pidsText, workloadText } from '../../../src/view/names.js';
import { stamp, UNKNOWN } from '../../text/format.js';
import { Copyable } from '../panels/copy.js';
import { Facts, Part } from './part.js';

interface ProcessProps {
  row: FlowRow;
  detail: FlowDetail | null;
  /** What differs within a group is not said. */
  grouped: boolean;
}

/** What most processes do not have. */
const RARE: ReadonlySet<string> = new Set([
  'Container',
  'Image',
  'Pod',
  'Workload',
  'Pids',
  'Script',
  'Other end',
  'Service',
]);

export function Process({ row, detail, grouped }: ProcessProps) {
  const { process } = row;
  const facts: [string, string | null][] = [
    ['Script', process.script],
    ['Executable', process.exe],
    ['Program', row.program],
    ['Pids', row.pids === null ? null : pidsText(row.pids)],
    ['User', process.uid === null ? null : `${process.uid}${detail?.user ? ` (${detail.user})` : ''}`],
    ['Parents', parents(row, detail)],
    ['Unit', process.unit],
    ['Container', process.container],
    ['Image', process.image],
    ['Pod', process.pod],
    ['Workload', workloadText(process)],
    ['Cgroup', process.cgroup],
    ['Started', process.startTime === null ? null : stamp(process.startTime)],
    ['Ended', process.exited === null ? null : process.exited ? 'yes' : 'no'],
    ['Other end', otherEnd(row.destination)],
    ['Service', row.destination.service],
    ['Namespace', row.netns === null ? null : String(row.netns)],
  ];
  const shown = facts.filter(([label, text]) => text !== null || (!grouped && !RARE.has(label)));
  return (
    <Part id="who" title="Process">
      {process.cmdline === null ? null : <Copyable text={process.cmdline} label="the command line" />}
      <Facts of={shown} />
    </Part>
  );
}

/** Nearest first. */
function parents({ process }: FlowRow, detail: FlowDetail | null): string | null {
  const known = detail !== null && detail.ancestors.length > 0 ? detail.ancestors : [process.parent];
  const texts = known.flatMap(({ pid, comm }) =>
    pid === null && comm === null ? [] : `${comm ?? UNKNOWN} ${pid ?? ''}`.trim(),
  );
  return texts.length === 0 ? null : texts.join(' ← ');
}
