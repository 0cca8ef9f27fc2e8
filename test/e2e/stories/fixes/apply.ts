/**
 * The fix that a finding prints is put into the program or its configuration as an operator would, and works: one connection per answer
 * before, a tenth of that or less after, by the namespace's own counter, and the same answers. In: cases. Out: tests. Called by the tiers
 * e2e and fixes.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { FindingRow, Fix } from '../../../../src/protocol/rows.js';
import { counting } from '../../../support/counters.js';
import { KEPT, Netns } from '../../../support/netns.js';
import { type Running, start } from '../../../support/process.js';
import { fileScope, type Scope, testScope } from '../../../support/scope.js';
import { type Service, startService } from '../../../support/service.js';

export const ADDRESS = '127.0.0.1';
const FOUND_MS = 60_000;
const ANSWERS = 100;
/** Opens per answer: nearly one each, less some answers that were on their way when the counter was read; and a tenth of that. */
const CHURN = 0.7;
const KEPT_SHARE = 0.1;

/** What runs once and what runs each time: of the bad program, or of the text that was printed. */
export interface Parts {
  once: string;
  each: string;
}

export class Stage {
  readonly directory: string;
  constructor(
    readonly scope: Scope,
    readonly netns: Netns,
  ) {
    this.directory = scope.directory();
  }

  write(name: string, text: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, text);
    return path;
  }

  start(words: string[], env: NodeJS.ProcessEnv = {}): Promise<Running> {
    const all = { ...process.env, PYTHONUNBUFFERED: '1', ...env };
    return start(this.scope, words, { netns: this.netns, cwd: this.directory, env: all });
  }
}

export interface FixCase {
  rule?: string;
  /** Of the finding; the name of its process. */
  port: number;
  comm: RegExp;
  /** In the text of the fix that is applied. */
  fix: RegExp;
  /** Servers, and who says "." for each right answer and "x" for a wrong one; none: the program says it. */
  around?(stage: Stage): Promise<Running | null>;
  bad: Parts;
  program(stage: Stage, parts: Parts): Promise<Running>;
  /** Without it the program is ended and started again. Opens count from its end. */
  reload?(stage: Stage, parts: Parts, running: Running): Promise<Running>;
  /** What nothing of what is printed may say. */
  never?: RegExp;
}

/** The comment that begins the part for each time; what has none is all for each time. */
const EACH = /^\W+ ?(for each|in the location)/;

export function partsOf({ snippet }: Fix): Parts {
  const lines = (snippet ?? '').split('\n');
  const at = Math.max(
    0,
    lines.findIndex((line) => EACH.test(line)),
  );
  return { once: lines.slice(0, at).join('\n'), each: lines.slice(at).join('\n') };
}

const said = (text: string, sign: string) => text.split(sign).length - 1;

/** Opens per answer, from the first answer on: those who ask a site that is not there yet try again and again. */
async function opensPerAnswer(stage: Stage, run: () => Promise<Running>, judge: Running | null) {
  const before = judge?.stdout.length ?? 0;
  const running = await run();
  const counter = judge ?? running;
  await counter.until(() => counter.stdout.indexOf('.', before) >= 0, 'answer once');
  const grown = counting(stage.netns);
  const from = counter.stdout.length;
  await counter.until(() => said(counter.stdout.slice(from), '.') >= ANSWERS, `answer ${ANSWERS} times`);
  const opens = grown('Tcp.ActiveOpens');
  const answers = said(counter.stdout.slice(from), '.');
  return { running, share: opens / answers, wrong: said(counter.stdout.slice(from), 'x') };
}

const isOf = (row: FindingRow, { rule = 'connection-churn', port, comm }: FixCase) =>
  row.rule === rule && row.destination.port === port && comm.test(row.process.comm ?? '');

export async function finding(service: Service, stage: Stage, one: FixCase): Promise<FindingRow> {
  const table = (await service.stream(stage.scope)).subscribe('findings', {
    filter: `netns:${stage.netns.inode}`,
  });
  return table.until((rows) => rows.find((row) => isOf(row, one)), FOUND_MS);
}

async function apply(service: Service, stage: Stage, one: FixCase): Promise<void> {
  const judge = (await one.around?.(stage)) ?? null;
  const before = await opensPerAnswer(stage, () => one.program(stage, one.bad), judge);
  const found = await finding(service, stage, one);
  expect(before.share).toBeGreaterThan(CHURN);
  const fix = found.fixForGood.find(({ text }) => one.fix.test(text));
  expect(found.fixForGood.map(({ text, snippet }) => `${text} ${snippet}`).join()).not.toMatch(
    one.never ?? /^$/,
  );
  if (fix === undefined) throw new Error(`no such fix: ${JSON.stringify(found.fixForGood)}`);
  const from = judge?.stdout.length ?? 0;
  const reloaded = await one.reload?.(stage, partsOf(fix), before.running);
  const again = () => restarted(stage, one, partsOf(fix), before.running);
  const after = await opensPerAnswer(stage, reloaded ? async () => reloaded : again, judge);
  expect(after.wrong).toBe(0);
  /* Who reloads refuses nobody meanwhile; who is started again does. */
  if (reloaded) expect(said(judge?.stdout.slice(from) ?? '', 'x')).toBe(0);
  expect(after.share).toBeLessThanOrEqual(before.share * KEPT_SHARE);
  expect(after.running.stderr).not.toMatch(/error/i);
}

async function restarted(stage: Stage, one: FixCase, parts: Parts, before: Running): Promise<Running> {
  await before.stop();
  return one.program(stage, parts);
}

/** Registers a test for each: they mostly wait, and run at the same time, each in a namespace of its own. */
export function applyFixes(cases: Readonly<Record<string, FixCase>>): void {
  const scope = fileScope();
  const names = Object.keys(cases);
  let service: Service;
  beforeAll(async () => {
    service = await startService(scope);
  });
  it.concurrent.for(names)('what is printed for %s, pasted, keeps its connections', async (name, test) => {
    const own = testScope(test);
    const netns = Netns.create(scope, KEPT);
    await apply(service, new Stage(own, netns), cases[name] as FixCase);
  });
}

/** Where a Debian package, or nobody, put it. */
export const found = (...commands: string[]): string =>
  commands.find((command) => {
    try {
      return execFileSync('sh', ['-c', `command -v ${command}`]).length > 0;
    } catch {
      return false;
    }
  }) ?? (commands[0] as string);
