/** What tables and dumper agree on: each dump goes on from one that was taken whole, or from none. */
import { describe, expect, it } from 'vitest';
import { Namespace } from '../../../../src/aggregate/model/namespace.js';
import { DumpBases } from '../../../../src/aggregate/tables/dump-bases.js';

const S = 1e9;

function agreed() {
  const [bases, namespace] = [new DumpBases(), new Namespace('1', 1)];
  bases.agree(namespace, 7, 100 * S);
  const take = (nowS: number) => {
    const { base, again } = bases.take(namespace, nowS * S);
    return { base, again: [...again] };
  };
  return { bases, namespace, take };
}

describe('the next dump', () => {
  it('goes on from the last one, with the entries that were asked for since', () => {
    const { bases, namespace, take } = agreed();
    bases.ask(namespace, 3, 1);
    bases.ask(namespace, 0xffff_ffff, 0);
    expect(take(110)).toEqual({ base: 7, again: [3, 1, 0xffff_ffff, 0] });
    bases.agree(namespace, 8, null);
    expect(take(120)).toEqual({ base: 8, again: [] });
  });

  it('is whole when the one before was not taken to its end', () => {
    const { bases, namespace, take } = agreed();
    expect(take(110).base).toBe(7);
    bases.ask(namespace, 3, 1);
    expect(take(120)).toEqual({ base: 0, again: [] });
  });

  it('has what was asked for while the one before ran', () => {
    const { bases, namespace, take } = agreed();
    take(110);
    bases.ask(namespace, 3, 1);
    bases.agree(namespace, 8, null);
    expect(take(120)).toEqual({ base: 8, again: [3, 1] });
  });

  it('is whole when too much was asked for, and once only', () => {
    const { bases, namespace, take } = agreed();
    for (let n = 1; n <= 100_000; n++) bases.ask(namespace, n, 0);
    expect(take(110).again).toHaveLength(200_000);
    bases.agree(namespace, 8, null);
    for (let n = 1; n <= 100_001; n++) bases.ask(namespace, n, 0);
    expect(take(120)).toEqual({ base: 0, again: [] });
    bases.agree(namespace, 9, 120 * S);
    expect(take(130)).toEqual({ base: 9, again: [] });
  });

  it('is whole five minutes after a whole one began', () => {
    const { bases, namespace, take } = agreed();
    expect(take(399).base).toBe(7);
    bases.agree(namespace, 8, null);
    expect(take(401).base).toBe(0);
    bases.agree(namespace, 9, 401 * S);
    expect(take(700).base).toBe(9);
  });

  it('is whole in a namespace that was forgotten, and of no concern to another', () => {
    const { bases, namespace, take } = agreed();
    const other = new Namespace('2', 2);
    bases.ask(other, 5, 5);
    expect(take(110)).toEqual({ base: 7, again: [] });
    bases.agree(namespace, 8, null);
    bases.drop(namespace);
    expect(take(120).base).toBe(0);
    expect(bases.take(other, 120 * S).base).toBe(0);
  });
});
