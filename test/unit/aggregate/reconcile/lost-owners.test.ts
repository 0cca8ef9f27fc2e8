/** Owners of connections whose events found no room in the ring: kept by cookie until audits have had their chance to ask. */
import { beforeEach, describe, expect, it } from 'vitest';
import { LostOwners } from '../../../../src/aggregate/reconcile/lost-owners.js';
import { DIRECTION, FLAG } from '../../../../src/decode/layout.js';
import { World } from '../../../support/aggregate-world.js';
import { batchOf, type Fields, processEvent, record } from '../../../support/records.js';

const [LOW, HIGH] = [7, 1];
const COOKIE = (BigInt(HIGH) << 32n) | BigInt(LOW);

describe('the owner of a lost connection', () => {
  let lost: LostOwners;
  beforeEach(() => {
    const world = new World();
    const named = (id: number) => processEvent({ id, tgid: 100 + id, comm: `worker-${id}` });
    world.feed(named(1), named(2));
    lost = new LostOwners(world.aggregator.processes);
  });

  const take = (...all: Fields<'lost_owner'>[]) => {
    const records = all.map((fields) =>
      record('lost_owner', {
        cookie: COOKIE,
        owner: 1,
        owner_tgid: 101,
        direction: DIRECTION.OUT,
        ...fields,
      }),
    );
    const { batch, length } = batchOf(...records);
    lost.take(batch, length);
  };
  const owner = () => lost.of(LOW, HIGH);

  it('is found by the whole cookie', () => {
    take({});
    expect(owner()).toMatchObject({ owner: { pid: 101 }, direction: DIRECTION.OUT, bound: false });
    expect(lost.of(LOW, HIGH + 1)).toBeNull();
    expect(lost.of(LOW + 1, HIGH)).toBeNull();
  });

  it('says which way it went and whether bind() chose its port', () => {
    take({ direction: DIRECTION.IN, flags: FLAG.BOUND_BEFORE });
    expect(owner()).toMatchObject({ direction: DIRECTION.IN, bound: true });
  });

  it('was accepted when it came in and its owner is not only the listener', () => {
    take({});
    expect(owner()).toMatchObject({ accepted: false });
    take({ direction: DIRECTION.IN, flags: FLAG.OWNER_IS_LISTENER });
    expect(owner()).toMatchObject({ accepted: false });
    take({ direction: DIRECTION.IN });
    expect(owner()).toMatchObject({ accepted: true });
  });

  it('is who accepted it rather than who listens, whichever is told first', () => {
    const [listener, acceptor] = [
      { owner: 1, flags: FLAG.OWNER_IS_LISTENER },
      { owner: 2, owner_tgid: 102 },
    ];
    take(listener, acceptor);
    expect(owner()).toMatchObject({ owner: { pid: 102 } });
    take(acceptor, listener);
    expect(owner()).toMatchObject({ owner: { pid: 102 } });
  });

  it('is kept for the audit that runs and the next, and forgotten after', () => {
    take({});
    lost.endAudit();
    expect(owner()).not.toBeNull();
    lost.endAudit();
    expect(owner()).toBeNull();
  });

  it('is known by pid alone when nobody announced it', () => {
    take({ owner: 9, owner_tgid: 109 });
    expect(owner()).toMatchObject({ owner: { pid: 109 } });
  });
});
