/**
 * What a command costs, in processor time and memory: the machine it runs on is in trouble. The least of several runs counts,
 * since other programs make a run dearer and none makes it cheaper. A machine whose processor is slower at the moment is slower
 * for Node itself too: so Node that does nothing runs in turn with the command, and the bound is the higher of a time and of so
 * many times what that took.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run, start } from '../support/process.js';
import { fileScope, type Scope, testScope } from '../support/scope.js';
import { portchurn, ROOT, type Service, serviceWords, startService } from '../support/service.js';

const RUNS = 5;
const STARTS = 3;
/** What they may cost. `floors`: times what Node takes that does nothing, which is 0.1 to 0.13 s here. */
const COMMAND = { seconds: 0.5, floors: 4.5, megabytes: 80 };
const FIRST_ANSWER = { seconds: 1.5, floors: 14 };

/** Runs inside the command: its last line on stderr is what it cost. */
const REPORT = `process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  require('node:fs').writeSync(2, JSON.stringify([(userCPUTime + systemCPUTime) / 1e6, maxRSS / 1024]));
});`;

interface Cost {
  seconds: number;
  megabytes: number;
}

const least = (costs: readonly Cost[]): Cost => ({
  seconds: Math.min(...costs.map(({ seconds }) => seconds)),
  megabytes: Math.min(...costs.map(({ megabytes }) => megabytes)),
});

/** @param argv a Node program, which is told to report */
async function costOf(report: string, argv: string[]): Promise<Cost> {
  const env = { ...process.env, NODE_OPTIONS: `--require ${report}` };
  const { code, stderr } = await run(argv, { env });
  expect(code).toBeLessThan(3);
  const [seconds, megabytes] = JSON.parse(stderr.split('\n').at(-1) ?? '') as [number, number];
  return { seconds, megabytes };
}

async function firstAnswerCost(scope: Scope): Promise<Cost> {
  const running = await start(scope, serviceWords());
  const [url] = await running.printed(/^http:\/\/\S+$/m);
  expect((await fetch(new URL('/healthz', url))).status).toBe(200);
  const [, rest = ''] = readFileSync(`/proc/${running.pid}/stat`, 'utf8').split(/\) (?=[A-Z] )/);
  const fields = rest.split(' ');
  await running.stop();
  return { seconds: (Number(fields[11]) + Number(fields[12])) / 100, megabytes: 0 };
}

/** The least of several runs, and of as many of Node that does nothing, in turn. */
async function several(times: number, report: string, cost: () => Promise<Cost>) {
  const costs: Cost[] = [];
  const floors: Cost[] = [];
  for (let i = 0; i < times; i++) {
    floors.push(await costOf(report, [process.execPath, '-e', '0']));
    costs.push(await cost());
  }
  return { ...least(costs), floor: least(floors).seconds };
}

const boundOf = ({ seconds, floors }: { seconds: number; floors: number }, floor: number): number =>
  Math.max(seconds, floors * floor);

function reportIn(directory: string): string {
  const report = join(directory, 'report.cjs');
  writeFileSync(report, REPORT);
  return report;
}

describe('attached to a service', () => {
  const scope = fileScope();
  let service: Service;
  let report: string;
  beforeAll(async () => {
    report = reportIn(scope.directory());
    service = await startService(scope);
  });

  it.each([
    [['top', '--once']],
    [['top', '--once', '-o', 'json']],
    [['why']],
    [['check']],
    [['what-if', '--reuse', '50']],
  ])('%j costs little', async (words) => {
    const cost = () => costOf(report, portchurn(...words, '--connect', service.url));
    const { seconds, megabytes, floor } = await several(RUNS, report, cost);
    expect(seconds, `Node alone: ${floor} s`).toBeLessThanOrEqual(boundOf(COMMAND, floor));
    expect(megabytes).toBeLessThanOrEqual(COMMAND.megabytes);
  });
});

it('the service answers soon', async () => {
  const report = reportIn(testScope().directory());
  const { seconds, floor } = await several(STARTS, report, () => firstAnswerCost(testScope()));
  expect(seconds, `Node alone: ${floor} s`).toBeLessThanOrEqual(boundOf(FIRST_ANSWER, floor));
});

it('the bundle needs no packages beside it', async () => {
  const directory = testScope().directory();
  for (const part of ['bin', 'dist', 'package.json'])
    cpSync(join(ROOT, part), join(directory, part), { recursive: true });
  const bin = join(directory, 'bin/portchurn.js');
  expect(await run([process.execPath, bin, '--version'])).toMatchObject({ code: 0 });
  const trace = [process.execPath, bin, 'trace', '--filter', 'pid:1', '--connect', 'http://127.0.0.1:1'];
  expect(await run(trace)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/no answer from a service/),
  });
});
