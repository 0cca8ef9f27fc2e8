/** What budgets and failures say of the place they lead to: who is there only where all flows to it that know somebody agree. */
import { expect, it } from 'vitest';
import { Naming } from '../../../../src/aggregate/peers/naming.js';
import { BudgetSource } from '../../../../src/aggregate/rows/budget-source.js';
import { FailureSource } from '../../../../src/aggregate/rows/failure-source.js';
import { DIRECTION } from '../../../../src/decode/layout.js';
import type { BudgetRow, FailureRow, Place } from '../../../../src/protocol/rows.js';
import { announced, failed, outbound } from '../../../support/aggregate-world.js';
import { accepts, connects, Machine, SERVER } from './machine.js';

const [REFUSED, NO_ANSWER] = [111, 110];

/** The rows of both tables as a client has them: only what changed is sent. */
function clientOf(machine: Machine) {
  const { aggregator } = machine;
  const sources = [new BudgetSource(aggregator), new FailureSource(aggregator)];
  const rows = new Map<string, BudgetRow | FailureRow>();
  return (errno?: string): Place[] => {
    for (const source of sources) for (const row of source.collect(machine.now).set) rows.set(row.key, row);
    const shown = [...rows.values()].filter((row) => ('errno' in row ? row.errno : undefined) === errno);
    return shown.map(({ destination }) => destination);
  };
}

const fails = (owner: number, err: number) =>
  failed(outbound({ cookie: 5000 + owner, owner, remote: SERVER, port: 5432 }), err);

function setUp(...records: Uint8Array[]) {
  const machine = new Machine();
  const read = clientOf(machine);
  machine.listen();
  machine.feed(announced(4), announced(5), ...records);
  machine.tick();
  return { machine, read };
}

const nameOf = (place: Place | undefined) => place?.peer?.process.name ?? null;

it('is the process that one flow has found, a round later, also where nothing else has changed', () => {
  const { machine, read } = setUp(connects(), accepts(), fails(4, NO_ANSWER));
  expect([...read(), ...read('ETIMEDOUT')].map(nameOf)).toEqual([null, null]);
  machine.tick();
  expect(read().map(nameOf)).toEqual(['postgres']);
  expect(read('ETIMEDOUT').map(nameOf)).toEqual(['postgres']);
});

it('is nobody where flows to it disagree', () => {
  const { machine, read } = setUp(connects(), accepts());
  machine.tick();
  expect(read().map(nameOf)).toEqual(['postgres']);
  machine.feed(connects({ owner: 4, port: 40_001 }), accepts({ owner: 3, netns: 3, port: 40_001 }));
  machine.tick(2);
  const flows = machine.flows().filter(({ direction }) => direction === 'out');
  expect(flows.map(({ destination }) => nameOf(destination)).sort()).toEqual(['postgres', 'redis']);
  expect(read().map(nameOf)).toEqual([null]);
});

it('is another place in another namespace', () => {
  const { machine, read } = setUp(connects(), accepts(), connects({ netns: 7, owner: 4, port: 40_001 }));
  machine.tick();
  expect(read().map(nameOf).sort()).toEqual([null, 'postgres']);
});

it('where a connect is refused nobody listens, whoever did', () => {
  const { machine, read } = setUp(connects(), accepts(), fails(4, REFUSED));
  machine.tick();
  expect(read().map(nameOf)).toEqual(['postgres']);
  expect(read('ECONNREFUSED').map(nameOf)).toEqual([null]);
});

it('names come with the rows, and again when a file has changed; of a local address there is none', () => {
  const bound = outbound({ owner: 5, remote: SERVER, port: 5432, direction: DIRECTION.IN, cookie: 77 });
  const { machine, read } = setUp(connects(), fails(4, NO_ANSWER), failed(bound, NO_ANSWER));
  const names = {
    changes: 1,
    text: 'db.internal',
    serviceOf: () => 'postgresql',
    nameOf: (_: number | null, address: string) => (address === SERVER ? names.text : null),
    ask: () => undefined,
  };
  const naming = new Naming(machine.aggregator, names);
  read();
  naming.tick();
  expect(read()).toMatchObject([{ name: 'db.internal', service: 'postgresql' }]);
  expect(
    read('ETIMEDOUT')
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['db.internal', null]);
  names.text = 'other.internal';
  names.changes = 2;
  naming.tick();
  expect(read()).toMatchObject([{ name: 'other.internal' }]);
});
