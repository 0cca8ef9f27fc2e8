/**
 * Real programs, misconfigured on purpose: the first finding names the process or program, the destination and the rule, and
 * its first fix changes the application; what to do now can be done, and once the program is configured well the finding
 * resolves and nobody has to act. All run at the same time under one service, each in a namespace with a small range of its
 * own, so that little load does. Called by the tiers e2e and load: most findings need more than a minute to resolve.
 */
import { execSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FindingRow } from '../../../src/protocol/rows.js';
import { Netns } from '../../support/netns.js';
import type { Running } from '../../support/process.js';
import { fileScope, type Scope } from '../../support/scope.js';
import { startService } from '../../support/service.js';
import type { Stream, Table } from '../../support/stream.js';
import { ADDRESS, SCENARIOS, type Scenario, SETTINGS } from './scenarios.js';

const FOUND_MS = 90_000;
/** TIME_WAIT entries are evidence, too, and last a minute. */
const RESOLVED_MS = 110_000;

/** What was found of a scenario. */
interface Story {
  bad: Running;
  found: FindingRow;
}

/** What came of it once what to do now is done and the program is configured well. */
interface Ending {
  /** The same finding. */
  resolved: FindingRow;
  /** What somebody would still have to act on then. */
  left: FindingRow[];
}

interface Told {
  story: Story;
  /** Null when it was not asked for. */
  ending: Ending | null;
}

const isOpen = ({ resolved }: FindingRow) => resolved === null;

async function play(
  scope: Scope,
  netns: Netns,
  stream: Stream,
  scenario: Scenario,
  toTheEnd: boolean,
): Promise<Told> {
  for (const one of scenario.around ?? []) await one(scope, netns);
  const findings = stream.subscribe('findings', { filter: `netns:${netns.inode}` });
  const bad = await scenario.bad(scope, netns);
  const found = await topFinding(findings, scenario);
  for (const { command } of found.doNow) if (command !== null) execSync(command, { stdio: 'ignore' });
  if (bad.running) await bad.stop('SIGTERM').catch(() => {});
  const story = { bad, found };
  if (!toTheEnd) return { story, ending: null };
  await scenario.good(scope, netns);
  return { story, ending: await endingOf(findings, found) };
}

async function endingOf(findings: Table<FindingRow>, found: FindingRow): Promise<Ending> {
  const resolved = await findings.until(
    (rows) => rows.find(({ key, resolved: at }) => key === found.key && at !== null),
    RESOLVED_MS,
  );
  const left = await findings.until((rows) => rows.every(isCalm) && rows.filter(isOpen), RESOLVED_MS);
  return { resolved, left };
}

const isCalm = (row: FindingRow) => !isOpen(row) || row.severity === 'info';

/** The first finding of the namespace, once it is of this rule and severity. */
const topFinding = (findings: Table<FindingRow>, { rule, severities }: Scenario): Promise<FindingRow> =>
  findings.until((rows) => {
    const [top] = rows.filter(isOpen).sort((a, b) => a.rank - b.rank);
    return top !== undefined && top.rule === rule && severities.includes(top.severity) && top;
  }, FOUND_MS);

type Telling = (name: string) => Promise<Told>;

function scenarioOf(name: string): Scenario {
  const found = SCENARIOS[name];
  if (found === undefined) throw new Error(`there is no scenario "${name}"`);
  return found;
}

/** Registers the tests of these scenarios; those of `toTheEnd` also resolve. Call it at the top of a test file. */
export function tellScenarios(names: readonly string[], toTheEnd = names): void {
  const scope = fileScope();
  const told = new Map<string, Promise<Told>>();
  const telling: Telling = (name) => told.get(name) as Promise<Told>;
  beforeAll(async () => {
    const all = names.map((name) => {
      const scenario = scenarioOf(name);
      const netns = Netns.create(scope, { ...SETTINGS, ...scenario.sysctls });
      return { name, scenario, netns };
    });
    const stream = await (await startService(scope)).stream(scope);
    for (const { name, scenario, netns } of all)
      told.set(name, play(scope, netns, stream, scenario, toTheEnd.includes(name)));
    await Promise.allSettled(told.values());
  }, 300_000);
  for (const name of names) describe(name, () => isFound(scenarioOf(name), () => telling(name)));
  for (const name of toTheEnd) describe(name, () => resolves(() => telling(name)));
  blamesTheLoop(() => telling('a shell loop of curl'));
}

function isFound(scenario: Scenario, telling: () => Promise<Told>): void {
  it('is found first, with who, toward what, and a fix that changes the application first', async () => {
    const { bad, found } = (await telling()).story;
    expect(found).toMatchObject({ process: { comm: scenario.comm }, destination: { address: ADDRESS } });
    expect(found.destination.port).toBe(scenario.port);
    if (scenario.itself) expect(found.process.pid).toBe(bad.pid);
    expect(found.title).toMatch(scenario.title ?? /./);
    expect(found.evidence.filter(({ value }) => value !== null).length).toBeGreaterThan(0);
    expectAdvice(scenario, found);
  });
}

function expectAdvice(scenario: Scenario, { fixForGood: [fix], doNow: [now] }: FindingRow): void {
  expect(`${fix?.text}\n${fix?.snippet}`).toMatch(scenario.fix ?? /./);
  if (scenario.doNow) expect(now?.text).toMatch(scenario.doNow.text);
  if (scenario.doNow) expect(now?.undo).toMatch(scenario.doNow.undo);
}

function resolves(telling: () => Promise<Told>): void {
  it('resolves once what to do now is done and the program is configured well', async () => {
    const { story, ending } = await telling();
    expect(ending?.resolved.since).toBe(story.found.since);
    expect(ending?.left.filter(({ severity }) => severity !== 'info')).toEqual([]);
  });
}

function blamesTheLoop(telling: () => Promise<Told>): void {
  it('a shell loop is blamed on its program and its parent, not on a process that is dead', async () => {
    const { bad, found } = (await telling()).story;
    expect(found.program).toMatch(/^curl .*curl-loop\.sh/);
    expect(found.process).toMatchObject({ pid: null, parent: { pid: bad.pid } });
  });
}
