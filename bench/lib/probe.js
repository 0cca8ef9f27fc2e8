/**
 * Runs inside the service that is measured (NODE_OPTIONS=--import): notes for each sixteenth event how long it took from the
 * kernel's clock to the aggregator; blocks the event loop when told to. SIGUSR2: writes a report and begins anew. SIGWINCH:
 * blocks. The environment says where and how. Loaded by service.ts of this directory.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What the service itself runs: the same module, not a copy. */
const built = new URL('../../dist/app/aggregator.js', import.meta.url).href;
const { Aggregator } = /** @type {typeof import('../../src/aggregate/ingest/aggregator.js')} */ (
  await import(built)
);
const { EVENT } = /** @type {typeof import('../../src/decode/layout.js')} */ (
  await import(new URL('../../dist/app/layout.js', import.meta.url).href)
);

const { BENCH_REPORT: path = '', BENCH_STALL_MS: stallMs = '0' } = process.env;
/** Its timer costs CPU of its own, so only where the delay is what is asked for. */
const loop = process.env.BENCH_LOOP ? monitorEventLoopDelay({ resolution: 2 }) : null;

const EVERY = 16;
const latencies = new Float64Array(1 << 16);
/** performance.now() at CLOCK_MONOTONIC 0. */
const zeroMs = performance.now() - Number(process.hrtime.bigint()) / 1e6;
let seen = 0;
let calls = 0;
let noted = 0;

const { tcp } = Aggregator.prototype;
/**
 * An open and a close that came as one are two events, and the open has waited longer.
 * @param {Parameters<typeof tcp>[0]} event
 */
Aggregator.prototype.tcp = function (event) {
  const joined = event.type === EVENT.COALESCED;
  seen += joined ? 2 : 1;
  if (++calls % EVERY === 0) {
    const first = joined ? event.timeNs - event.durationNs : event.timeNs;
    latencies[noted++ % latencies.length] = performance.now() - zeroMs - first / 1e6;
  }
  tcp.call(this, event);
};

/** @param {number} q */
function quantile(q) {
  const sorted = latencies.slice(0, Math.min(noted, latencies.length)).sort();
  return sorted[Math.floor((sorted.length - 1) * q)] ?? null;
}

function report() {
  const delay = loop && {
    p50: loop.percentile(50) / 1e6,
    p99: loop.percentile(99) / 1e6,
    max: loop.max / 1e6,
  };
  const latency = { p50: quantile(0.5), p99: quantile(0.99), max: quantile(1) };
  writeFileSync(
    `${path}.new`,
    JSON.stringify({ events: seen, latency, delay, memory: process.memoryUsage() }),
  );
  renameSync(`${path}.new`, path);
  [seen, noted] = [0, 0];
  loop?.reset();
}

function block() {
  const end = performance.now() + Number(stallMs);
  while (performance.now() < end);
}

loop?.enable();
process.on('SIGUSR2', report);
process.on('SIGWINCH', block);
