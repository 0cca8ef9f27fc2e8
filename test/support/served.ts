/** The publish server on a free port of loopback, without a page and without a log, over whatever source a test makes. */
import { pino } from 'pino';
import type { Health, Source, TableSource } from '../../src/protocol/source.js';
import { type RunningServer, type ServerOptions, startServer } from '../../src/publish/server.js';

/** Of a tracer that lacks nothing. */
export const HEALTHY: Health = {
  status: 'ok',
  mode: 'ebpf',
  verdictPath: 'ehash',
  hooks: [],
  limits: [],
  lost: { ring: 0, recursion: 0, storage: 0, total: 0 },
  coverage: 1,
  auditAgeMs: 5,
  problems: [],
};

/** A table that gives its rows once, and never changes. */
export const given = (rows: object[]) =>
  ({ collect: () => ({ set: rows.splice(0), del: [] }) }) as unknown as TableSource<never>;

export const served = (source: Source, more: Partial<ServerOptions> = {}): Promise<RunningServer> =>
  startServer({
    listen: [{ host: '127.0.0.1', port: 0 }],
    source,
    intervalMs: 50,
    version: '0.0.0',
    host: 'test',
    kernel: '6.18',
    allowHosts: [],
    allowOrigins: [],
    dashboardDir: '/nonexistent',
    log: pino({ level: 'silent' }),
    ...more,
  });
