/** Hundreds of user and network namespaces, made by a user without privilege: each is counted, and none is kept. */
import { expect, it } from 'vitest';
import type { TotalsRow } from '../../src/protocol/rows.js';
import type { Health } from '../../src/protocol/source.js';
import { heldNamespaces } from '../support/held.js';
import { testScope } from '../support/scope.js';
import { startService } from '../support/service.js';
import { ownNamespaces } from './storms.js';

const [NAMESPACES, CONNECTIONS] = [387, 5];
const WITHIN_MS = 90_000;

it(`${NAMESPACES} namespaces of a user without privilege are counted right, and let go`, async () => {
  const scope = testScope();
  const service = await startService(scope);
  const totals = (await service.stream(scope)).subscribe('totals');
  const program = await ownNamespaces(scope, NAMESPACES, CONNECTIONS);
  await program.printed(/^done$/m, WITHIN_MS);
  const inodes = new Set(program.stdout.match(/^\d+$/gm)?.map(Number));
  expect(inodes.size).toBe(NAMESPACES);

  const ours = (rows: TotalsRow[]) => rows.filter(({ netns }) => inodes.has(netns ?? 0));
  const isCounted = ({ opened, closed, timeWait, eventsMissed }: TotalsRow) =>
    opened === 2 * CONNECTIONS &&
    (closed ?? 0) + (eventsMissed ?? 0) >= 2 * CONNECTIONS &&
    timeWait === CONNECTIONS;
  const rows = await totals.until((all) => {
    const found = ours(all).filter(isCounted);
    return found.length === NAMESPACES && found;
  }, WITHIN_MS);
  expect(rows.filter(({ coverage }) => coverage !== 1)).toEqual([]);

  program.closeInput();
  await program.exited;
  await totals.until((all) => ours(all).length === 0, WITHIN_MS);
  expect(heldNamespaces(service.pid)).toEqual([]);
  expect((await service.get<Health>('/healthz')).status).toBe('ok');
});
