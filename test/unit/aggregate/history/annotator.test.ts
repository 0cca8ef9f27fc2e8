import { describe, expect, it } from 'vitest';
import { History } from '../../../../src/aggregate/history/history.js';
import { HistoryRecorder } from '../../../../src/aggregate/history/history-recorder.js';
import type { Namespace } from '../../../../src/aggregate/model/namespace.js';
import type { AnnotationSubject } from '../../../../src/protocol/history.js';
import { parseSysctls } from '../../../../src/system/parse/sysctl.js';
import {
  announced,
  type Connection,
  established,
  exited,
  failed,
  outbound,
  World,
} from '../../../support/aggregate-world.js';

const BOOT = 1_700_000_000_000;
const BUDGET = '1/10.0.0.1/10.0.0.9:5432';
const EADDRNOTAVAIL = 99;
const SETTINGS = {
  ip_local_port_range: '30000 30999',
  ip_local_reserved_ports: '',
  tcp_tw_reuse: '0',
  tcp_tw_reuse_delay: null,
  tcp_timestamps: '1',
  tcp_fin_timeout: '60',
  tcp_max_tw_buckets: '8192',
};

/** A namespace of 1,000 ports and its history, one record a second from 100 s after boot. */
class Noted extends World {
  private readonly history = new History({ ms: 99_000, unixMs: BOOT + 99_000 });
  private readonly notes = new HistoryRecorder(this.aggregator, this.history);
  private second = 99;

  constructor() {
    super();
    this.feed(announced(1, { start_ns: 70e9, comm: 'wor"ker', exe: '/opt/wor"ker' }));
  }

  get namespace(): Namespace {
    const [namespace] = this.aggregator.namespaces.all();
    return namespace as Namespace;
  }

  set(settings: Partial<typeof SETTINGS>): void {
    this.namespace.sysctls = parseSysctls({ ...SETTINGS, ...settings });
  }

  open(count: number, more: Partial<Connection> = {}): void {
    for (let cookie = 1; cookie <= count; cookie++) this.feed(established(outbound({ cookie, ...more })));
  }

  pause(seconds: number): void {
    for (; seconds > 0; seconds--) {
      this.second += 1;
      this.notes.record({ ms: this.second * 1000, unixMs: BOOT + this.second * 1000 });
    }
  }

  subjects(): AnnotationSubject[] {
    const all: AnnotationSubject[] = [];
    this.notes.body(BUDGET, 900, (subject) => all.push(subject) > 0);
    return all;
  }

  body(budget: string | null) {
    return this.notes.body(budget, 900);
  }

  noted(budget: string | null = BUDGET): string[] {
    const { annotations } = this.body(budget) ?? { annotations: [] };
    return annotations.map(({ time, kind, text }) => `${(time - BOOT) / 1000} ${kind} ${text}`);
  }
}

describe('the history notes', () => {
  it('what each note is about, so that a filter can be applied to it', () => {
    const world = new Noted();
    world.open(100);
    world.set({});
    world.pause(1);
    world.set({ tcp_tw_reuse: '1' });
    world.pause(1);
    world.feed(exited(1));
    world.pause(1);
    const subjects = world.subjects();
    expect(subjects.map(({ netns, process }) => [netns, process?.comm])).toEqual([
      [world.namespace.inode, 'wor"ker'],
      [world.namespace.inode, undefined],
      [world.namespace.inode, 'wor"ker'],
      // The columns of owners are asked about, too.
      [world.namespace.inode, 'wor"ker'],
    ]);
    expect(subjects[0]).toMatchObject({
      direction: 'out',
      destination: { address: '10.0.0.9', port: 5432 },
    });
  });

  it('who holds many ports: since when it runs, and once, that it has exited', () => {
    const world = new Noted();
    world.open(40);
    world.set({});
    world.pause(1);
    expect(world.noted()).toEqual([]);
    world.open(60);
    world.pause(2);
    expect(world.noted()).toEqual(['70 process-start wor"ker (pid 1001)']);
    world.feed(exited(1));
    world.pause(3);
    expect(world.noted()).toEqual([
      '70 process-start wor"ker (pid 1001)',
      '103 process-exit wor"ker (pid 1001)',
    ]);
  });

  it('the first failure of a kind, and again after a minute without', () => {
    const world = new Noted();
    world.open(1);
    const fail = (err: number) => world.feed(failed(outbound({ cookie: 7 }), err));
    fail(EADDRNOTAVAIL);
    world.pause(1);
    fail(EADDRNOTAVAIL);
    world.pause(1);
    fail(111);
    world.pause(62);
    fail(EADDRNOTAVAIL);
    world.pause(1);
    expect(world.noted()).toEqual([
      '100 first-failure EADDRNOTAVAIL to 10.0.0.9:5432',
      '102 first-failure ECONNREFUSED to 10.0.0.9:5432',
      '164 first-failure EADDRNOTAVAIL to 10.0.0.9:5432',
    ]);
  });

  it('of first failures in one second no more than can be read', () => {
    const world = new Noted();
    for (let port = 1; port <= 200; port++) {
      world.feed(established(outbound({ cookie: port, port })));
      world.feed(failed(outbound({ cookie: 1000 + port, port }), 111));
    }
    world.pause(1);
    expect(world.noted(null)).toHaveLength(50);
    world.pause(1);
    expect(world.noted(null)).toHaveLength(50);
  });

  it('what changed in the settings, for the budgets of that namespace', () => {
    const world = new Noted();
    world.open(1);
    world.open(1, { netns: 2, cookie: 99 });
    world.set({});
    world.pause(1);
    world.set({ tcp_tw_reuse: '1', ip_local_port_range: '30000 39999' });
    world.pause(1);
    const note =
      '101 sysctl-change ip_local_port_range 30000-30999 → 30000-39999, tcp_tw_reuse 0 → 1 (netns 4026530001)';
    expect([world.noted(), world.noted(null)]).toEqual([[note], [note]]);
    expect(world.noted('2/10.0.0.1/10.0.0.9:5432')).toEqual([]);
  });
});

describe('the history of a budget', () => {
  it('that is new has empty columns, one that never was has none', () => {
    const world = new Noted();
    world.open(1);
    expect(world.body(BUDGET)?.timeWait).toEqual(Array(900).fill(null));
    expect(world.body('1/10.0.0.1/10.0.0.9:1')).toBeNull();
    world.pause(1);
    expect(world.body(BUDGET)?.established.at(-1)).toBe(1);
  });
});
