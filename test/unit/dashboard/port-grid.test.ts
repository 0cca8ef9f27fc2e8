/** Where a port lies on the map, and what colour it has. */
import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  gridOf,
  indexAt,
  Painter,
  type Palette,
  stepOf,
} from '../../../dashboard/charts/port-grid.js';
import { NO_OWNER, OTHER_OWNERS, PORT_STATE, type PortState } from '../../../src/protocol/ports/cells.js';
import { countsOf } from '../../../src/view/ports/counts.js';
import { OTHERS, OWN_TINTS, Tints, UNKNOWN_TINT } from '../../../src/view/ports/tints.js';
import { proc } from '../publish/rows.js';

const cell = (owner: number, state: PortState, seconds = 0) => [owner, PORT_STATE[state], seconds, 0];

describe('the grid', () => {
  it.each([
    [28_232, 1130, 2, 2],
    [28_232, 764, 3, 1],
    [28_232, 540, 2, 1],
    [64_512, 540, 1, 1],
    [300, 540, 14, 14],
  ])('of %i ports in %i pixels has ports of %i × %i, and room for all', (ports, width, wide, high) => {
    const grid = gridOf(ports, width);
    expect([grid.wide, grid.high]).toEqual([wide, high]);
    expect(grid.columns * wide).toBeLessThanOrEqual(width);
    expect(grid.rows * high).toBeLessThanOrEqual(124);
    expect(grid.columns * grid.rows).toBeGreaterThanOrEqual(ports);
    expect(grid.columns * (grid.rows - 1)).toBeLessThan(ports);
  });

  it('has ports that can be seen, however narrow the page', () => {
    expect(gridOf(64_512, 0)).toEqual({ ports: 64_512, columns: 1, rows: 64_512, wide: 1, high: 1 });
  });

  it('finds the port at a point, and none beside the last one', () => {
    const grid = { ports: 25, columns: 10, rows: 3, wide: 4, high: 2 };
    expect(indexAt(grid, 0, 0)).toBe(0);
    expect(indexAt(grid, 39.9, 2)).toBe(19);
    expect(indexAt(grid, 19.9, 5.9)).toBe(24);
    for (const [x, y] of [
      [20, 5],
      [40, 0],
      [-1, 0],
      [0, 6],
    ] as const)
      expect(indexAt(grid, x, y)).toBeNull();
  });

  it('is walked by keys: by port, by row, to both ends', () => {
    const grid = { ports: 25, columns: 10, rows: 3, wide: 4, high: 4 };
    const keys = [
      'ArrowLeft',
      'ArrowRight',
      'ArrowUp',
      'ArrowDown',
      'PageUp',
      'PageDown',
      'Home',
      'End',
      'j',
    ];
    expect(keys.map((key) => stepOf(grid, key))).toEqual([-1, 1, -10, 10, -100, 100, -25, 25, null]);
  });
});

describe('the colours', () => {
  const owners = Array.from({ length: OWN_TINTS + 2 }, (_, i) => [200, 10 * i, 0] as const);
  const palette: Palette = { free: [0, 0, 0], blocked: [1, 1, 1], reserved: [2, 2, 2], owners };
  const paint = (...cells: number[][]) => {
    const pixels = new Uint32Array(cells.length + 1).fill(7);
    const tints = new Uint8Array(256).map((_, i) => i % OWN_TINTS);
    new Painter(palette).paint(Uint8Array.from(cells.flat()), tints, 2, pixels);
    return [...pixels].map((pixel) => [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255, pixel >>> 24]);
  };

  it('are the owner’s, full while the port is in use, and fade with the time that TIME_WAIT has left', () => {
    const [used, fresh, old, ended] = paint(
      cell(3, 'established'),
      cell(3, 'time-wait', 60),
      cell(3, 'reusable', 10),
      cell(3, 'time-wait', 0),
    );
    expect(used).toEqual([200, 30, 0, 255]);
    const reds = [used, fresh, old, ended].map((colour) => colour?.[0] as number);
    expect(reds).toEqual([...reds].sort((a, b) => b - a));
    expect(new Set(reds).size).toBe(4);
    expect(reds[3]).toBeGreaterThan(20);
  });

  it('mark what nobody can have; a reserved port lies in a pattern', () => {
    const [free, blocked, reserved, gap, none] = paint(
      cell(NO_OWNER, 'free'),
      cell(NO_OWNER, 'blocked'),
      cell(NO_OWNER, 'reserved'),
      cell(NO_OWNER, 'reserved'),
    );
    expect([free, blocked, reserved?.[0], gap?.[0]]).toEqual([[0, 0, 0, 255], [1, 1, 1, 255], 0, 2]);
    expect(none).toEqual([0, 0, 0, 0]);
  });
});

describe('the tints of owners', () => {
  const owner = (pid: number) => ({ process: proc({ pid }), program: null });
  const tintsOf = (tints: Tints, pids: readonly number[]) => {
    const given = tints.of(pids.map(owner));
    return new Map(pids.map((pid, i) => [pid, given[i] as number]));
  };
  const PIDS = Array.from({ length: 20 }, (_, i) => i + 1);

  it('are one each for the largest, and one for all others', () => {
    const given = tintsOf(new Tints(), PIDS);
    expect([...given.values()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, ...Array(12).fill(OTHERS)]);
    const bytes = new Tints().of(PIDS.map(owner));
    expect([bytes[NO_OWNER], bytes[OTHER_OWNERS]]).toEqual([UNKNOWN_TINT, OTHERS]);
  });

  it('stay with their owners while the order changes', () => {
    const tints = new Tints();
    const before = tintsOf(tints, PIDS);
    const after = tintsOf(tints, [3, 1, 2, 8, 7, 6, 5, 4]);
    for (const [pid, tint] of after) expect(tint).toBe(before.get(pid));
  });

  it('go from the smallest to one that has grown', () => {
    const tints = new Tints();
    const before = tintsOf(tints, PIDS);
    const after = tintsOf(tints, [20, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(after.get(20)).toBe(before.get(8));
    expect(after.get(8)).toBe(OTHERS);
    expect(after.get(1)).toBe(before.get(1));
  });
});

describe('the tints of owners whose programs have a colour in the timeline', () => {
  const owner = (pid: number, program: string) => ({ process: proc({ pid }), program });
  const [A1, A2, B1, C1] = [owner(1, 'a'), owner(2, 'a'), owner(3, 'b'), owner(4, 'c')] as const;
  const programs = new Map([
    ['b', 0],
    ['a', 5],
    ['gone', 1],
  ]);

  it('are the same for the largest process of each, and mean no other program', () => {
    expect([...new Tints().of([A1, A2, B1, C1], programs).slice(0, 4)]).toEqual([5, 2, 0, 3]);
  });

  it('stay with the process that has them while another one grows', () => {
    const tints = new Tints();
    tints.of([A1, A2, B1, C1], programs);
    expect([...tints.of([A2, A1, C1, B1], programs).slice(0, 4)]).toEqual([2, 5, 3, 0]);
  });

  it('go to a process that has come to hold twice as many', () => {
    const tints = new Tints();
    const held = (...ports: number[]) => Uint32Array.from(ports);
    tints.of([A1, A2], programs, held(2, 1));
    expect([...tints.of([A2, A1], programs, held(4, 2)).slice(0, 2)]).toEqual([2, 5]);
    expect([...tints.of([A2, A1], programs, held(994, 2)).slice(0, 2)]).toEqual([5, 2]);
  });

  it('come when the timeline does, and the others make room', () => {
    const tints = new Tints();
    expect([...tints.of([A1, A2, B1, C1]).slice(0, 4)]).toEqual([0, 1, 2, 3]);
    expect([...tints.of([A1, A2, B1, C1], programs).slice(0, 4)]).toEqual([5, 2, 0, 3]);
  });

  it('are given up only when there are no others', () => {
    const many = Array.from({ length: OWN_TINTS + 1 }, (_, i) => owner(10 + i, `p${i}`));
    const given = [...new Tints().of(many, new Map([['not here', 3]])).slice(0, many.length)];
    expect(given).toEqual([0, 1, 2, 4, 5, 6, 7, 3, OTHERS]);
  });
});

it('counts the ports of each owner and in each state', () => {
  const cells = [
    cell(0, 'established'),
    cell(0, 'time-wait', 9),
    cell(1, 'time-wait', 9),
    cell(NO_OWNER, 'free'),
  ];
  const { owners, states } = countsOf(Uint8Array.from(cells.flat()));
  expect([owners[0], owners[1], owners[NO_OWNER]]).toEqual([2, 1, 1]);
  expect(states).toMatchObject({ established: 1, 'time-wait': 2, free: 1, blocked: 0 });
});

it('reads the bytes that the service sends', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  expect(bytesOf(Buffer.from(bytes).toString('base64'))).toEqual(bytes);
});
