/** The connections of one row's process as they happen, the newest last. In: a scene, a row, a size. Out: lines. */
import { integer } from '../../../protocol/format.js';
import type { FlowRow } from '../../../protocol/rows.js';
import { ownerName, withPid } from '../../../view/names.js';
import { ownEventLine } from '../../screen/event-line.js';
import type { Style } from '../../screen/style.js';
import type { Scene } from '../scene.js';
import { fitted, type Line, span } from '../tty/cells.js';
import { rule } from './lines.js';

export function traceLines(row: FlowRow, scene: Scene, width: number, height: number, style: Style): Line[] {
  const { aside, glyphs } = scene;
  const own = aside?.key === row.key ? aside : null;
  const dropped = own !== null && own.dropped > 0 ? `${integer(own.dropped)} not shown` : '';
  const name = withPid(ownerName(row), row.process.pid);
  const head = rule(`LIVE: connections of ${name}`, dropped, width, glyphs);
  if (row.process.pid === null) return [head, [span(`  ${nobody(scene)}`, 'dim')]];
  const events = own?.events.slice(-(height - 1)) ?? [];
  const lines = events.map(
    (event): Line => [span(fitted(`  ${ownEventLine(event, style)}`, width, glyphs.more))],
  );
  return [head, ...(lines.length === 0 ? [[span('  Nothing since this was opened.', 'dim')]] : lines)];
}

const nobody = ({ state }: Scene) =>
  state.group === null
    ? 'No single process is known that could be followed.'
    : 'Several processes: choose one without grouping (g).';
