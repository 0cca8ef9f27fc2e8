/**
 * `--on-incident`: runs a program for each incident that opens, becomes critical, eases or is over, for a pager or a chat. In: the incident's row. Out: the
 * same as one line of JSON on the program's standard input. No shell reads the words, and nothing of the incident is among them. One
 * program at a time, ten seconds each; while one runs, the latest state of each incident waits.
 */
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { PortchurnError } from '../protocol/errors.js';
import type { IncidentRow } from '../protocol/rows.js';
import { type ProgramEnd, type ProgramRun, runProgram } from './run-program.js';

const TIME_MS = 10_000;
/** More are dropped, the oldest first: as many incidents are kept at all. */
const MOST_WAITING = 200;

type Words = ProgramRun['words'];
type Env = ProgramRun['env'];

export class IncidentCommand {
  /** The latest state of each incident that the program has not got yet, the oldest first. */
  private readonly waiting = new Map<string, IncidentRow>();
  private readonly stopping = new AbortController();
  private isRunning = false;
  private dropped = 0;

  constructor(
    private readonly words: Words,
    private readonly env: Env,
    private readonly log: Pick<Logger, 'warn' | 'info'>,
    private readonly timeMs = TIME_MS,
  ) {}

  /** An incident came into another state, or became critical. */
  report(incident: IncidentRow): void {
    this.waiting.delete(incident.key);
    this.waiting.set(incident.key, incident);
    if (this.waiting.size > MOST_WAITING) this.drop();
    if (!this.isRunning) void this.work();
  }

  /** Ends the program that runs; what waits is not reported. */
  stop(): void {
    this.waiting.clear();
    this.stopping.abort();
  }

  private drop(): void {
    const [oldest = ''] = this.waiting.keys();
    this.waiting.delete(oldest);
    this.dropped += 1;
  }

  private async work(): Promise<void> {
    this.isRunning = true;
    for (let next = this.take(); next !== undefined; next = this.take()) await this.runFor(next);
    this.isRunning = false;
  }

  private take(): IncidentRow | undefined {
    const [next] = this.waiting.values();
    if (next === undefined || this.stopping.signal.aborted) return undefined;
    this.waiting.delete(next.key);
    return next;
  }

  private async runFor(incident: IncidentRow): Promise<void> {
    const { words, env, timeMs, stopping, dropped } = this;
    if (dropped > 0) this.log.warn({ dropped }, 'incidents were not reported: the program is too slow');
    this.dropped = 0;
    const input = `${JSON.stringify(incident)}\n`;
    const end = await runProgram({ words, env, input, timeMs, stop: stopping.signal });
    if (!stopping.signal.aborted) this.say(incident, end);
  }

  private say({ key, state }: IncidentRow, { code, error, late, stderr }: ProgramEnd): void {
    const facts = { incident: key, state, code, error, stderr };
    if (late) this.log.warn(facts, `the program of --on-incident was ended after ${this.timeMs / 1000} s`);
    else if (code !== 0) this.log.warn(facts, 'the program of --on-incident failed');
    else this.log.info({ incident: key, state }, 'the incident was reported');
  }
}

/** The words of a command line, parted at spaces: there are no quotes. Throws USAGE when its program cannot be run. */
export function commandWords(text: string, { PATH = '' }: Env): Words {
  const [file, ...args] = text.split(/\s+/).filter((word) => word !== '');
  if (file !== undefined && isProgram(file, PATH)) return [file, ...args];
  throw new PortchurnError('USAGE', `--on-incident: "${file ?? ''}" is not a program that can be run`, {
    hint: 'give a path, or a name in PATH, then its arguments; write a script where you need a shell',
  });
}

function isProgram(file: string, path: string): boolean {
  const places = file.includes('/') ? [file] : path.split(':').map((folder) => join(folder, file));
  return places.some(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
