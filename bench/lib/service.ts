/** The whole service as a user runs it, with the probe inside, and a WebSocket client that takes what it is sent. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { start } from '../../test/support/process.js';
import type { Scope } from '../../test/support/scope.js';
import { portchurn, ROOT, Service } from '../../test/support/service.js';
import { until } from './wait.js';

const PROBE = new URL('./probe.js', import.meta.url).href;

export interface Probing {
  /** Measures the event loop's delay; costs CPU. */
  loop?: boolean;
  /** For how long `stall` blocks the event loop. */
  stallMs?: number;
  flags?: readonly string[];
}

export interface Report {
  events: number;
  /** From the kernel's timestamp to the aggregator, ms. */
  latency: { p50: number | null; p99: number | null; max: number | null };
  delay: { p50: number; p99: number; max: number } | null;
  memory: NodeJS.MemoryUsage;
}

export interface Lost {
  /** Events the ring had no room for. */
  ring: number;
  /** Transitions that the kernel did not show. */
  recursion: number;
}

export class Subject {
  private constructor(
    readonly service: Service,
    private readonly path: string,
  ) {}

  static async start(
    scope: Scope,
    { loop = false, stallMs = 0, flags = [] }: Probing = {},
  ): Promise<Subject> {
    const path = `${scope.directory()}/report`;
    const env = {
      ...process.env,
      NODE_OPTIONS: `--import=${PROBE}`,
      BENCH_REPORT: path,
      BENCH_STALL_MS: String(stallMs),
      ...(loop && { BENCH_LOOP: '1' }),
    };
    const words = portchurn('serve', '--listen', '127.0.0.1:0', ...flags);
    const running = await start(scope, words, { cwd: ROOT, env });
    const [url] = await running.printed(/^http:\/\/\S+$/m, 60_000);
    return new Subject(scope.use(new Service(running, url)), path);
  }

  get pid(): number {
    return this.service.pid;
  }

  /** What was noted since the last report. */
  async report(): Promise<Report> {
    rmSync(this.path, { force: true });
    this.service.process.signal('SIGUSR2');
    await until(() => existsSync(this.path), 'the report of the service');
    return JSON.parse(readFileSync(this.path, 'utf8')) as Report;
  }

  stall(): void {
    this.service.process.signal('SIGWINCH');
  }

  async lost(): Promise<Lost> {
    const { lost } = await this.service.get<{ lost: Lost }>('/healthz');
    return lost;
  }
}
