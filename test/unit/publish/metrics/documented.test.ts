/**
 * The table of metrics in docs/operations.md names every family with its type and its labels, and no other; rules and
 * dashboard in deploy/ use no family that does not exist.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { TABLE_TOPICS, type TableTopic } from '../../../../src/protocol/frames.js';
import type { Source } from '../../../../src/protocol/source.js';
import { Metrics } from '../../../../src/publish/metrics/metrics.js';
import { Tables } from '../../../../src/query/tables.js';
import { budget, failure, finding, flow, incident, totals, verdict } from '../rows.js';
import { MemorySource, MemoryTable } from '../world.js';

const ROOT = new URL('../../../../', import.meta.url);
const ROWS = {
  totals: totals('t'),
  flows: flow('f'),
  budgets: budget('b'),
  failures: failure('x'),
  incidents: incident('i'),
  findings: finding('d'),
  verdict: verdict(),
};

/** A source with everything that a source can have. */
class FullSource extends MemorySource {
  override readonly tables = Object.fromEntries(
    TABLE_TOPICS.map((topic) => {
      const table = new MemoryTable<TableTopic>();
      table.put(ROWS[topic]);
      return [topic, table];
    }),
  ) as Source['tables'];
  connectDurations = () => ({ bounds: [0.1], upTo: [1], count: 2, sumSeconds: 3 });
  eventsSeen = () => 1;
  containerNamesEvicted = () => 1;
}

/** "gauge{netns,source}" by name. */
type Families = Map<string, string>;

function scraped(text: string): Families {
  const families: Families = new Map();
  for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\w+)$/gm)) {
    const sample = new RegExp(`^${name}(?:_bucket)?(?:\\{([^}]*)\\})? `, 'm').exec(text);
    expect(sample, name).not.toBeNull();
    const labels = [...(sample?.[1] ?? '').matchAll(/(\w+)="/g)].map(([, label]) => label);
    families.set(name as string, `${type} {${labels.filter((label) => label !== 'le').join(',')}}`);
  }
  return families;
}

/** From rows such as "| `portchurn_sockets` | gauge | `netns` `tcp_state` | … |". */
function documented(): Families {
  const text = readFileSync(new URL('docs/operations.md', ROOT), 'utf8');
  const rows = text.matchAll(/^\| `(portchurn_\w+)` \| (\w+) \|([^|]*)\|/gm);
  return new Map(
    [...rows].map(([, name, type, labels]) => [
      name as string,
      `${type} {${[...(labels as string).matchAll(/\w+/g)].join(',')}}`,
    ]),
  );
}

let families: Families;
beforeAll(async () => {
  const source = new FullSource();
  const tables = new Tables(source);
  tables.collect(1);
  families = scraped(await new Metrics({ tables, source, version: '0' }).text());
});

it('docs/operations.md has every family, with type and labels, and no other', () => {
  const sorted = (map: Families) => Object.fromEntries([...map].sort());
  expect(sorted(documented())).toEqual(sorted(families));
});

it('rules and dashboard use families that exist', () => {
  for (const folder of ['deploy/prometheus/', 'deploy/grafana/']) {
    for (const name of readdirSync(new URL(folder, ROOT)).filter((file) => !file.endsWith('_test.yml'))) {
      const text = readFileSync(new URL(folder + name, ROOT), 'utf8').replace(/^ *#.*$/gm, '');
      const used = text.match(/portchurn_[a-z_]+/g) ?? [];
      for (const metric of new Set(used))
        expect([...families.keys()], name).toContain(metric.replace(/_(bucket|count|sum)$/, ''));
    }
  }
});
