/** A live screen of known rows, for tests: as a service would have sent them. */

import { linesOf } from '../../../../src/cli/live/layout.js';
import { type Aside, type Scene, SceneMaker, type ShownPorts } from '../../../../src/cli/live/scene.js';
import { START, type State } from '../../../../src/cli/live/state.js';
import { type Grid, gridOf } from '../../../../src/cli/live/tty/cells.js';
import { styleFor } from '../../../../src/cli/screen/style.js';
import { ASCII, UNICODE } from '../../../../src/cli/screen/text.js';
import type { Link } from '../../../../src/client/link.js';
import { initial, type Replica } from '../../../../src/client/replica.js';
import type { RowOf, TableTopic } from '../../../../src/protocol/frames.js';
import { PORT_STATE, type PortState } from '../../../../src/protocol/ports/cells.js';
import type { PortOwner } from '../../../../src/protocol/ports/schema.js';
import type { FlowRow } from '../../../../src/protocol/rows.js';
import { countsOf } from '../../../../src/view/ports/counts.js';
import { Tints } from '../../../../src/view/ports/tints.js';
import { Captured } from '../io.js';

export type Rows = { readonly [T in TableTopic]?: readonly RowOf<T>[] };

export const NOW = new Date(2024, 0, 1, 23, 4, 41).getTime();
const OPEN: Link = { phase: 'open', heard: NOW };

export interface Parts {
  readonly rows?: Rows;
  readonly state?: Partial<State>;
  readonly link?: Link;
  readonly aside?: Aside | null;
  readonly toward?: readonly FlowRow[] | null;
  readonly ports?: ShownPorts | null;
  readonly ascii?: boolean;
  readonly maker?: SceneMaker;
  readonly now?: number;
}

function replicaOf(rows: Rows): Replica {
  const empty = initial();
  const tables = Object.entries(empty.tables).map(([topic, table]) => {
    const own = rows[topic as TableTopic] ?? [];
    return [topic, { ...table, rows: new Map(own.map((row) => [row.key, row])), total: own.length }];
  });
  return { ...empty, tables: Object.fromEntries(tables) as Replica['tables'] };
}

export function sceneOf({
  rows = {},
  state = {},
  link = OPEN,
  aside = null,
  toward = null,
  ports = null,
  ...more
}: Parts): Scene {
  const maker = more.maker ?? new SceneMaker();
  return maker.make(
    replicaOf(rows),
    link,
    { ...START, ...state },
    {
      now: more.now ?? NOW,
      glyphs: more.ascii ? ASCII : UNICODE,
      aside,
      toward,
      ports,
    },
  );
}

/** A map whose cells are as the test says: owner, state, seconds left. */
export function portsOf(
  first: number,
  owners: readonly PortOwner[],
  cells: readonly (readonly [owner: number, state: PortState, seconds?: number])[],
): ShownPorts {
  const bytes = Uint8Array.from(
    cells.flatMap(([owner, state, seconds = 0]) => [owner, PORT_STATE[state], seconds, 0]),
  );
  return {
    budget: 'b1',
    state: 'known',
    first,
    owners,
    cells: bytes,
    counts: countsOf(bytes),
    tints: new Tints().of(owners),
  };
}

export function screenGrid(scene: Scene, width: number, height: number): Grid {
  const style = { ...styleFor(new Captured(), { color: false, ascii: scene.glyphs === ASCII }), width };
  return gridOf(linesOf(scene, width, height, style), width, height);
}

/** The screen as text, one line each, without what is blank at the end. */
export function screenOf(scene: Scene, width = 80, height = 24): string[] {
  const grid = screenGrid(scene, width, height);
  return Array.from({ length: height }, (_, row) =>
    grid.texts
      .slice(row * width, (row + 1) * width)
      .join('')
      .trimEnd(),
  );
}
