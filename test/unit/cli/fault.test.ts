/** The walk through a schema finds what the compiled schema finds, on answers with one thing changed anywhere. */
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { faultIn, unknownKeywords } from '../../../src/cli/source/fault.js';
import { ErrorFrame, EventsFrame, PortsFrame, Problem, SnapshotBody } from '../../../src/protocol/frames.js';
import { budget, connectionEvent, failure, flow, processInfo, totals } from './rows.js';

const BODY = () => ({
  time: 1,
  epoch: 'a',
  seq: 2,
  topics: {
    totals: { rows: [totals()], total: 1, other: null },
    flows: { rows: [flow(), flow({}, { key: 'b' })], total: 9, other: { rows: 7, portsHeld: null } },
    budgets: { rows: [budget()], total: 1, other: null },
    failures: { rows: [failure()], total: 1, other: null },
  },
});
const EVENTS = () => ({ type: 'events', sub: 's', seq: 1, time: 2, events: [connectionEvent()], dropped: 0 });
const VALUES = [undefined, null, 1.5, -1, 3, '', 'text', true, {}, [], [1], { rows: 1 }, 'x'.repeat(200)];
const OWNERS = Array.from({ length: 256 }, () => ({ process: processInfo(), program: null }));
const PORTS = () => ({
  type: 'ports',
  sub: 's',
  seq: 1,
  time: 2,
  budget: 'b',
  first: 1024,
  owners: OWNERS.slice(0, 1),
  cells: '/wAAAA==',
});

/** Every place in a value, as keys that lead there. */
function placesIn(value: unknown, at: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, part]) => placesIn(part, [...at, key]))];
}

function changed(value: object, [key = '', ...rest]: string[], to: unknown): object {
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
  if (rest.length > 0) copy[key] = changed(copy[key] as object, rest, to);
  else if (to === undefined && !Array.isArray(value)) delete copy[key];
  else copy[key] = to;
  return copy;
}

describe('a fault', () => {
  it.each([
    ['snapshots', SnapshotBody, BODY()],
    ['events', EventsFrame, EVENTS()],
    ['port maps', PortsFrame, PORTS()],
  ] as const)('is found in %s wherever the compiled schema finds one', (_, schema, good) => {
    const compiled = Compile(schema);
    expect(faultIn(schema, good)).toBeNull();
    const places = placesIn(good).filter((place) => place.length > 0 && place[0] !== 'type');
    let faults = 0;
    for (const place of places) {
      for (const to of VALUES) {
        const value = changed(good, place, to);
        const found = faultIn(schema, value);
        expect(found === null, `${place.join('/')} = ${JSON.stringify(to)}: ${found}`).toBe(
          compiled.Check(value),
        );
        if (found !== null) faults++;
      }
    }
    expect(faults).toBeGreaterThan(100);
  });

  it('says where and what', () => {
    const place = ['topics', 'flows', 'rows', '1', 'opened'];
    expect(faultIn(SnapshotBody, changed(BODY(), place, 'many'))).toBe(
      '/topics/flows/rows/1/opened is not an integer',
    );
    expect(faultIn(SnapshotBody, changed(BODY(), place, undefined))).toBe(
      '/topics/flows/rows/1/opened is missing',
    );
    expect(faultIn(PortsFrame, { ...PORTS(), owners: OWNERS })).toBe('/owners has more than 255 items');
    expect(faultIn(SnapshotBody, null)).toBe('the answer is not an object');
  });

  it('is looked for by every keyword of the schemas', () => {
    for (const schema of [SnapshotBody, EventsFrame, PortsFrame, ErrorFrame, Problem])
      expect(unknownKeywords(schema)).toEqual([]);
  });
});
