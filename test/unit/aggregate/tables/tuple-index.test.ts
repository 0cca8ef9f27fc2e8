import { expect, it } from 'vitest';
import { Tuple } from '../../../../src/aggregate/model/tuple.js';
import { TupleIndex } from '../../../../src/aggregate/tables/tuple-index.js';
import { TcpEvent } from '../../../../src/decode/batch.js';
import { offsetsOf } from '../../../../src/decode/layout.js';
import { random } from '../../../support/random.js';
import { addressBytes, batchOf, tcpEvent } from '../../../support/records.js';

function tupleOf(fields: Parameters<typeof tcpEvent>[1], namespace = 1): Tuple {
  const laddr = addressBytes('10.0.0.1');
  const raddr = addressBytes('10.0.0.9');
  const { batch } = batchOf(tcpEvent(4, { laddr, raddr, lport: 40_000, rport: 80, ...fields }));
  return new Tuple().of(new TcpEvent(batch), namespace);
}

const textOf = ({ low, high }: Tuple) => `${low} ${high}`;

it('a tuple is another one when an end, a port, their order or the namespace is', () => {
  const laddr = addressBytes('10.0.0.9');
  const raddr = addressBytes('10.0.0.1');
  const all = [
    tupleOf({}),
    tupleOf({}, 2),
    tupleOf({ lport: 40_001 }),
    tupleOf({ rport: 81 }),
    tupleOf({ lport: 80, rport: 40_000 }),
    tupleOf({ laddr, raddr }),
    tupleOf({ laddr, raddr, lport: 80, rport: 40_000 }),
    tupleOf({ raddr: addressBytes('fd77::9') }),
  ];
  expect(new Set(all.map(textOf)).size).toBe(all.length);
  expect(textOf(tupleOf({}))).toBe(textOf(tupleOf({})));
});

it('no two tuples of a full range toward one destination are the same', () => {
  const { batch } = batchOf(tcpEvent(4, { raddr: addressBytes('10.0.0.9'), rport: 80 }));
  const [event, tuple, seen] = [new TcpEvent(batch), new Tuple(), new Set<string>()];
  for (let lport = 1; lport < 65_536; lport++) {
    batch.u16[offsetsOf('tcp_event').lport / 2] = lport;
    seen.add(textOf(tuple.of(event, 1)));
  }
  expect(seen.size).toBe(65_535);
});

it('ports that were chosen to lie in one place lie there in no other process', () => {
  const { batch } = batchOf(tcpEvent(4, { raddr: addressBytes('10.0.0.9'), rport: 80 }));
  const [event, known, other] = [new TcpEvent(batch), new Tuple(1), new Tuple(-2)];
  const places = new Set<number>();
  let chosen = 0;
  for (let lport = 1; lport < 65_536; lport++) {
    batch.u16[offsetsOf('tcp_event').lport / 2] = lport;
    if ((known.of(event, 1).low & 255) !== 7) continue;
    chosen += 1;
    places.add(other.of(event, 1).low & 255);
  }
  expect(chosen).toBeGreaterThan(200);
  expect(places.size).toBeGreaterThan(100);
});

it('agrees with a map, whatever is set and deleted', () => {
  const below = random(7);
  const [index, truth, tuples] = [
    new TupleIndex(1_000_000),
    new Map<number, number>(),
    new Map<number, number>(),
  ];
  /* Few different low words: long runs. */
  const tuple = (id: number) => Object.assign(new Tuple(), { low: id % 7, high: id + 1 });
  const forget = (slot: number) => {
    const id = tuples.get(slot);
    if (id !== undefined && truth.get(id) === slot) truth.delete(id);
    tuples.delete(slot);
  };
  for (let step = 0; step < 5000; step++) {
    const [slot, id] = [below(500), below(700)];
    index.delete(slot);
    forget(slot);
    if (below(3) > 0) {
      index.set(slot, tuple(id));
      tuples.set(slot, id);
      truth.set(id, slot);
    }
    if (step % 50 === 0)
      for (let one = 0; one < 700; one++) expect(index.find(tuple(one))).toBe(truth.get(one) ?? -1);
  }
});
