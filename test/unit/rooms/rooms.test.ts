import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ARROWS, faultOf } from './arrows.js';
import { type Import, importsOf, ROOT, sourcesBelow } from './imports.js';

const files = [...sourcesBelow('src'), ...sourcesBelow('dashboard'), ...sourcesBelow('bin')];
const imports = files.flatMap(importsOf);

describe('rooms', () => {
  it('import one another only along the arrows', () => {
    const faults = imports.flatMap(({ from, to, line }) => {
      const fault = faultOf(from, to);
      return fault === null ? [] : [`${from}:${line} imports ${to}: ${fault}`];
    });
    expect(faults).toEqual([]);
  });

  it('are all read: the smallest has files, and the sources import one another hundreds of times', () => {
    const rooms = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((it) => it.isDirectory());
    expect(rooms.map(({ name }) => name).sort()).toEqual(
      [...Object.keys(ARROWS).filter((room) => room !== 'dashboard'), 'service'].sort(),
    );
    expect(imports.length).toBeGreaterThan(500);
  });

  it('have no circle of files, type-only imports included', () => {
    expect(circles(imports)).toEqual([]);
  });

  it('hold at most 16 source files in a folder; src/ itself holds entry files only', () => {
    const folders = new Map<string, number>();
    for (const file of files) folders.set(dirname(file), (folders.get(dirname(file)) ?? 0) + 1);
    expect([...folders].filter(([, count]) => count > 16)).toEqual([]);
    expect(files.filter((file) => dirname(file) === 'src')).toEqual(['src/main.ts']);
  });

  it('are those of ARCHITECTURE.md, with the same arrows', () => {
    const text = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8');
    const rows = [...text.matchAll(/^\| `([a-z]+)\/` \| ([^|]*) \| [^|]* \| [^|]* \|$/gm)].map(
      ([, room, arrows]) => [room, arrows === 'nothing' ? [] : (arrows ?? '').split(', ')],
    );
    const written = Object.fromEntries(rows.filter(([room]) => String(room) in ARROWS));
    expect(written).toEqual(Object.fromEntries(Object.entries(ARROWS).map(([room, to]) => [room, [...to]])));
  });
});

describe('the check of the arrows', () => {
  it.each([
    ['src/decode/batch.ts', 'src/protocol/rows.ts', 'decode may import no other room, not protocol'],
    ['src/aggregate/ingest/a.ts', 'src/system/proc.ts', /^aggregate may import .*, not system$/],
    ['src/aggregate/ingest/a.ts', 'src/system/parse/sysctl.ts', null],
    ['src/system/parse/sysctl.ts', 'src/system/read.ts', 'system/parse is pure: it imports only itself'],
    ['src/cli/commands/top.ts', 'src/engine/engine.ts', /not engine$/],
    ['src/engine/engine.ts', 'src/service/service.ts', 'nothing imports the composition root'],
    ['src/stray.ts', 'src/protocol/rows.ts', 'src/stray.ts lies in no room'],
    ['src/main.ts', 'src/engine/engine.ts', null],
  ])('judges %s → %s', (from, to, fault) => {
    if (fault instanceof RegExp) expect(faultOf(from, to)).toMatch(fault);
    else expect(faultOf(from, to)).toBe(fault);
  });

  it('finds a circle', () => {
    const edges: Import[] = [
      { from: 'a', to: 'b', line: 1 },
      { from: 'b', to: 'c', line: 1 },
      { from: 'c', to: 'b', line: 1 },
    ];
    expect(circles(edges)).toEqual(['b → c → b']);
  });
});

/** Each circle once, by the way that was found first. */
function circles(edges: readonly Import[]): string[] {
  const targets = new Map<string, string[]>();
  for (const { from, to } of edges) targets.set(from, [...(targets.get(from) ?? []), to]);
  const found = new Map<string, string>();
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) {
      const circle = path.slice(at);
      found.set([...circle].sort().join(), [...circle, file].join(' → '));
    } else if (!done.has(file)) {
      for (const next of targets.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    }
  };
  for (const file of targets.keys()) visit(file, []);
  return [...found.values()];
}
