/**
 * Two stacks with the same addresses beside each other, and a client whose destination has that address too but is not there: each row shows the
 * server at the other end of its own connections, and no other.
 */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BudgetRow, FlowRow } from '../../src/protocol/rows.js';
import { parseServices } from '../../src/system/parse/services.js';
import { program } from '../support/misconfigured.js';
import { link, Netns } from '../support/netns.js';
import { fileScope } from '../support/scope.js';
import { startService } from '../support/service.js';
import type { Table } from '../support/stream.js';

const [CLIENT, SERVER, PORT] = ['10.88.0.1', '10.88.0.2', 8080];
const TO = { address: SERVER, port: PORT };
const SERVICE = parseServices(readFileSync('/etc/services', 'utf8')).get(PORT) ?? null;

const scope = fileScope();

/** A client's namespace and a server's, with the same addresses in each pair. */
function stack(): { client: Netns; server: Netns } {
  const [client, server] = [Netns.create(scope), Netns.create(scope)];
  link(client, server, [[`${CLIENT}/24`, `${SERVER}/24`]]);
  return { client, server };
}

const [left, right, alone] = [stack(), stack(), stack()];
let flows: Table<FlowRow>;
let budgets: Table<BudgetRow>;

beforeAll(async () => {
  await program(scope, left.server, 'server.mjs', SERVER, PORT);
  await program(scope, right.server, 'counting-server.mjs', SERVER, PORT);
  const service = await startService(scope);
  const stream = await service.stream(scope);
  flows = stream.subscribe('flows', { filter: `port:${PORT} dir:out` });
  budgets = stream.subscribe('budgets', { filter: `port:${PORT}` });
  await program(scope, left.client, 'one-agent.mjs', SERVER, PORT);
  await program(scope, left.client, 'without-keep-alive.mjs', SERVER, PORT);
  await program(scope, right.client, 'one-agent.mjs', SERVER, PORT);
  await program(scope, right.client, 'without-keep-alive.mjs', SERVER, PORT);
  await program(scope, alone.client, 'one-agent.mjs', SERVER, PORT);
});

const rowOf = (rows: readonly FlowRow[], { inode }: Netns, name: string) =>
  rows.find((row) => row.netns === inode && row.process.name === name && row.destination.address === SERVER);
const peerOf = (row: FlowRow | undefined) => row?.destination.peer?.process ?? null;

describe('the same addresses in two stacks', () => {
  it.each(['one-agent.mjs', 'without-keep-alive.mjs'])('%s is shown its own server', async (client) => {
    const rows = await flows.until((all) => {
      const both = [rowOf(all, left.client, client), rowOf(all, right.client, client)];
      return both.every((row) => peerOf(row) !== null && row?.destination.service === SERVICE) && both;
    }, 60_000);
    expect(rows.map((row) => peerOf(row)?.name)).toEqual(['server.mjs', 'counting-server.mjs']);
    expect(rows[0]?.destination).toMatchObject({ ...TO, name: null });
  });

  it('and so has the budget that its clients share', async () => {
    const serverOf = ({ inode }: Netns, rows: readonly BudgetRow[]) =>
      rows.find(({ netns, destination }) => netns === inode && destination.address === SERVER)?.destination
        .peer?.process.name;
    await budgets.until(
      (rows) =>
        serverOf(left.client, rows) === 'server.mjs' &&
        serverOf(right.client, rows) === 'counting-server.mjs',
      60_000,
    );
  });

  it('a client without a server here is shown none', async () => {
    const rows = await flows.until(
      (all) => all.some((row) => row.netns === alone.client.inode && (row.failed ?? 0) > 5) && all,
      60_000,
    );
    for (const row of rows.filter(({ netns }) => netns === alone.client.inode))
      expect(peerOf(row)).toBeNull();
  });
});
