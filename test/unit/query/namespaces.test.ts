/** Namespaces that come again: an inode, or a name, that a deleted namespace had and a living one has. */
import { describe, expect, it } from 'vitest';
import type { FlowRow } from '../../../src/protocol/rows.js';
import { parseFilter } from '../../../src/query/filter/parse.js';
import { Namespaces } from '../../../src/query/namespaces.js';
import { Tables } from '../../../src/query/tables.js';
import { event, flow, totals } from '../publish/rows.js';
import { MemorySource } from '../publish/world.js';

const INODE = 4_026_532_001;
const space = (id: string, name: string | null, netns = INODE) => totals(id, { netns, netnsId: id, name });
const rowOf = (id: string, more: Partial<FlowRow> = {}) =>
  flow(`${id}/flow`, { netns: INODE, netnsId: id, opened: Number(id), ...more });

function known(): Namespaces {
  const namespaces = new Namespaces();
  namespaces.learn([space('7', 'blue')]);
  return namespaces;
}

describe('a namespace that is gone', () => {
  it('keeps name and inode until a living one has them', () => {
    const namespaces = known();
    namespaces.learn([], ['7']);
    expect([namespaces.nameOf('7'), namespaces.isReplaced('7')]).toEqual(['blue', false]);
    namespaces.learn([space('9', 'green')]);
    expect([namespaces.nameOf('7'), namespaces.isReplaced('7')]).toEqual(['blue', true]);
    namespaces.learn([space('11', 'blue', 5)]);
    expect(['7', '9', '11'].map(namespaces.nameOf)).toEqual([null, 'green', 'blue']);
    namespaces.learn([], ['9', '11']);
    expect([namespaces.nameOf('7'), namespaces.isReplaced('7')]).toEqual(['blue', false]);
  });

  it('lives again when its row comes again', () => {
    const namespaces = known();
    namespaces.learn([space('9', 'green')], ['7']);
    namespaces.learn([space('7', null)], ['9']);
    expect([namespaces.nameOf('7'), namespaces.isReplaced('7')]).toEqual(['blue', false]);
    expect(namespaces.isReplaced('9')).toBe(true);
  });

  it('is known from all the rows that there are, too', () => {
    const namespaces = known();
    namespaces.learnAll([space('9', 'green')]);
    expect([namespaces.isReplaced('7'), namespaces.isReplaced('9')]).toEqual([true, false]);
  });

  it('is told of once', () => {
    const namespaces = known();
    expect([...namespaces.learn([space('7', 'blue')])]).toEqual([]);
    expect([...namespaces.learn([space('9', 'blue')], ['7'])]).toEqual(['7', '9']);
    expect([...namespaces.learn([space('9', null)])]).toEqual([]);
  });
});

describe('a filter', () => {
  const namespaces = known();
  namespaces.learn([space('9', 'blue')], ['7']);
  const shown = (text: string) => {
    const { matches } = parseFilter(text, namespaces);
    return ['7', '9', '10'].filter((id) => matches(rowOf(id)));
  };

  it.each([
    ['netns:blue', ['9']],
    // Of a namespace of which nothing is known yet an event may come first.
    [`netns:${INODE}`, ['9', '10']],
    ['netnsId:7', ['7']],
    ['!netnsId:7', ['9', '10']],
    ['!netns:blue', ['7', '10']],
  ])('%s means the living one', (text, ids) => {
    expect(shown(text)).toEqual(ids);
    expect(parseFilter(text, namespaces).matches(event({ netns: INODE, netnsId: '7' }))).toBe(
      ids.includes('7'),
    );
  });

  it('on an id wants a number', () => {
    expect(() => parseFilter('netnsId:blue')).toThrow('column 9: the id of a namespace is a number');
  });
});

describe('a view that is open when the namespace comes again', () => {
  it.each(['netns:blue', `netns:${INODE}`])('of %s loses the rows of the one that is gone', (filter) => {
    const source = new MemorySource();
    const tables = new Tables(source);
    source.totals.put(space('7', 'blue'));
    source.flows.put(rowOf('7'));
    tables.collect(1);
    const view = tables.acquire('flows', { filter });
    expect(view.entries().map(({ key }) => key)).toEqual(['7/flow']);
    source.totals.drop('7');
    source.totals.put(space('9', 'blue'));
    source.flows.put(rowOf('9'));
    tables.collect(2);
    expect(view.entries().map(({ key }) => key)).toEqual(['9/flow']);
    expect(tables.acquire('flows', { filter, group: 'netns' }).entries()[0]?.row).toMatchObject({
      opened: 9,
    });
  });

  it('of everything has both, and says nothing of a row that stayed the same', () => {
    const source = new MemorySource();
    const tables = new Tables(source);
    source.totals.put(space('7', 'blue'));
    source.flows.put(rowOf('7'));
    tables.collect(1);
    const view = tables.acquire('flows', {});
    source.totals.drop('7');
    source.totals.put(space('9', 'blue'));
    source.flows.put(rowOf('9'));
    tables.collect(2);
    expect(view.deltaTail(1)?.whole).toContain('9/flow');
    expect(view.deltaTail(1)?.whole).not.toContain('7/flow');
    const groups = tables.acquire('flows', { group: 'netns' }).entries();
    expect(groups.map(({ row }) => row.key)).toEqual(['netns:7', 'netns:9']);
  });
});
