/** Hundreds of user and network namespaces, made by a user without privilege: each is counted, and none is kept. */
import { expect, it } from 'vitest';
import type { TotalsRow } from '../../src/protocol/rows.js';
import type { Health } from '../../src/protocol/source.js';
import { heldNamespaces } from '../support/held.js';
import { patient } from '../support/patience.js';
import { testScope } from '../support/scope.js';
import { startService } from '../support/service.js';
import { ownNamespaces } from './storms.js';

const [NAMESPACES, CONNECTIONS] = [387, 5];
const WITHIN_MS = 90_000;

const isCounted = ({ opened, closed, timeWait, eventsMissed }: TotalsRow) =>
  opened === 2 * CONNECTIONS &&
  (closed ?? 0) + (eventsMissed ?? 0) >= 2 * CONNECTIONS &&
  timeWait === CONNECTIONS;

it(`${NAMESPACES} namespaces of a user without privilege are counted right, and let go`, async () => {
  const scope = testScope();
  const service = await startService(scope);
  const totals = (await service.stream(scope)).subscribe('totals');
  const program = await ownNamespaces(scope, NAMESPACES, CONNECTIONS);
  /* On a busy machine the entries of the first have ended when the last one comes: each is looked at as it comes. */
  const counted = new Map<number | null, TotalsRow>();
  const inodes = new Set<number>();
  const ours = (rows: TotalsRow[]) => rows.filter(({ netns }) => inodes.has(netns ?? 0));
  const rows = totals.until((all) => {
    for (const row of all) if (isCounted(row)) counted.set(row.netns, row);
    const found = ours([...counted.values()]);
    return found.length === NAMESPACES && found;
  }, 2 * patient(WITHIN_MS));
  rows.catch(() => {}); // it is awaited below, unless the program fails
  await program.printed(/^done$/m, WITHIN_MS);
  for (const inode of program.stdout.match(/^\d+$/gm) ?? []) inodes.add(Number(inode));
  expect(inodes.size).toBe(NAMESPACES);
  expect((await rows).filter(({ coverage }) => coverage !== 1)).toEqual([]);

  program.closeInput();
  await program.exited;
  await totals.until((all) => ours(all).length === 0, patient(WITHIN_MS));
  expect(heldNamespaces(service.pid)).toEqual([]);
  expect((await service.get<Health>('/healthz')).status).toBe('ok');
});
