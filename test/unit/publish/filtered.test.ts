/**
 * `--filter`, service-wide: what it hides is nowhere: in no table, stream, history or metric.
 */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Annotation, AnnotationSubject } from '../../../src/protocol/history.js';
import type { FindingRow, VerdictRow } from '../../../src/protocol/rows.js';
import type { HistorySource, Source } from '../../../src/protocol/source.js';
import { budget, event, failure, finding, flow, proc, verdict } from './rows.js';
import { MemorySource, MemoryTable, World } from './world.js';

const SECRET = 'secretd';
const hidden = { process: proc({ comm: SECRET, exe: `/opt/${SECRET}`, cmdline: SECRET }), program: SECRET };

/** Annotations with their subjects; the last concerns everything. */
const NOTES = [
  [
    { time: 1, kind: 'process-start', text: `${SECRET} --password x`, incident: null, netnsId: null },
    { netns: 1, ...hidden },
  ],
  [
    {
      time: 2,
      kind: 'sysctl-change',
      text: 'netns 1: ip_local_port_range 1-2',
      incident: null,
      netnsId: null,
    },
    { netns: 1 },
  ],
  [
    { time: 3, kind: 'sysctl-change', text: 'netns 2: tcp_tw_reuse 0 → 1', incident: null, netnsId: null },
    { netns: 2 },
  ],
  [{ time: 4, kind: 'events-lost', text: '3 events', incident: null, netnsId: null }, null],
] as const satisfies [Annotation, AnnotationSubject | null][];

const history: HistorySource = {
  body: (key, seconds, shows = () => true) => ({
    ...{ budget: key, from: 0, stepMs: 1000, seconds, failuresPerSec: {} },
    ...{ limit: [], timeWait: [], established: [], other: [], blocked: [], opensPerSec: [] },
    annotations: NOTES.flatMap(([note, about]) => (about === null || shows(about) ? [note] : [])),
  }),
};

class FullSource extends MemorySource {
  readonly history = history;
  readonly findings = new MemoryTable<'findings'>();
  readonly verdict = new MemoryTable<'verdict'>();
  override readonly tables: Source['tables'] = {
    ...{ flows: this.flows, totals: this.totals, budgets: this.budgets, failures: this.failures },
    ...{ findings: this.findings, verdict: this.verdict },
  };
}

let world: World;
let source: FullSource;
async function serve(filter: string): Promise<void> {
  world = await World.start({ filter, source });
}
beforeEach(() => {
  source = new FullSource();
  source.flows.put(flow('seen'), flow('unseen', hidden));
  source.failures.put(failure('seen'), failure('unseen', hidden));
  source.budgets.put(budget('seen'), budget('unseen', { holders: [{ process: hidden.process, ports: 1 }] }));
  source.findings.put(finding('seen'), finding('unseen', { ...hidden, title: `${SECRET} churns` }));
});
afterEach(() => world.stop());

const say = (about: Partial<VerdictRow>) => source.verdict.put(verdict(about));
const published = async (topic: 'verdict' | 'findings') =>
  ((await world.snapshot(`?topic=${topic}`)).topics[topic]?.rows ?? []) as (VerdictRow | FindingRow)[];

it('hides a process from every table, stream, metric and the history', async () => {
  say({ level: 'warning', text: `${SECRET} holds them`, budget: 'unseen', finding: 'unseen' });
  await serve(`!process:${SECRET}`);
  const client = await world.connect();
  for (const topic of ['flows', 'budgets', 'failures', 'findings', 'verdict', 'events'])
    client.send({ type: 'subscribe', sub: topic, topic });
  await client.eventsOf('events', 0);
  source.emit([event(), event(hidden)]);
  const { events } = await client.eventsOf('events', world.tick());
  expect(events).toHaveLength(1);
  const texts = await Promise.all(
    ['snapshot', 'history'].map(async (path) => (await world.get(`/api/v1/${path}`)).text()),
  );
  const metrics = await (await world.get('/metrics')).text();
  expect(metrics).toContain('program="ab"');
  expect(texts[0]).toContain('ab (bash load.sh)');
  expect(texts[1]).toContain('ip_local_port_range');
  for (const text of [...texts, metrics, JSON.stringify(client.frames)]) expect(text).not.toContain(SECRET);
});

it('has no history of a budget that it hides, and one of others', async () => {
  await serve(`!process:${SECRET}`);
  expect((await world.get('/api/v1/history?budget=unseen')).status).toBe(404);
  expect((await world.get('/api/v1/history?budget=seen')).status).toBe(200);
});

it.each<[Partial<VerdictRow>, boolean]>([
  [{ budget: 'seen', finding: 'seen' }, true],
  [{ budget: 'seen', finding: null }, true],
  [{ budget: 'unseen', finding: 'seen' }, false],
  [{ budget: 'seen', finding: 'unseen' }, false],
  [{ level: 'ok', budget: null, finding: null }, true],
  [{ level: 'critical', budget: null, finding: null }, true],
])('a verdict about %j is published: %j', async (about, isPublished) => {
  say(about);
  await serve('dst:10.0.0.9 !process:secretd');
  expect(await published('verdict')).toHaveLength(isPublished ? 1 : 0);
});

it('has of the annotations those that are about what it shows, or about everything', async () => {
  await serve('netns:2');
  const text = await (await world.get('/api/v1/history')).text();
  expect(['--password', 'netns 1', 'netns 2', '3 events'].map((words) => text.includes(words))).toEqual([
    false,
    false,
    true,
    true,
  ]);
});

it('without one everything is published', async () => {
  say({ budget: 'unseen', finding: 'unseen' });
  await serve('');
  expect([await published('verdict'), await published('findings')].map((rows) => rows.length)).toEqual([
    1, 2,
  ]);
  expect(await (await world.get('/api/v1/history?budget=unseen')).text()).toContain(SECRET);
});
