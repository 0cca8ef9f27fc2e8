/**
 * What the page costs the browser's main thread: 1,000 flows that all move, published twice a second by the real
 * service to a real Chromium; and a port map, sent once a second. From a recorded trace. A frame is all that the thread does from one commit
 * to the next.
 */
import type { Page } from 'playwright-core';
import { openPage } from '../test/support/browser.js';
import { Scope } from '../test/support/scope.js';
import { Place } from './lib/load.js';
import { Subject } from './lib/service.js';
import { quantile } from './lib/stats.js';
import { type Cell, table } from './lib/table.js';
import { type Frame, framesOf, type TraceEvent } from './lib/trace.js';
import { pause } from './lib/wait.js';

const FLOWS = 1_000;
/** Each flow opens one a second, so that every row changes in nearly every tick. */
const RATE = FLOWS;
const INTERVAL_MS = 500;
/** The browser's compiler is done with what it has seen by then. */
const SETTLE_MS = 10_000;
const CATEGORIES = ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'v8', 'blink.user_timing'];
const WITHIN = { timeout: 60_000 };
/** Times that a page is opened for its first paint. */
const PAINTS = 5;

interface View {
  title: string;
  look(page: Page): Promise<void>;
}

const showAll = (page: Page) => page.getByRole('button', { name: 'Show 1,000' }).click(WITHIN);
const VIEWS: readonly View[] = [
  { title: 'as it opens: the first 100', look: async () => undefined },
  { title: 'all 1,000', look: showAll },
  { title: 'all 1,000, one open and traced', look: openFirst },
];

/** After `showAll`: a row, and the live trace of its process, which is all of the load. */
async function openFirst(page: Page): Promise<void> {
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.getByRole('cell', { name: 'closed' }).first().waitFor(WITHIN);
}

export async function page(quick: boolean): Promise<void> {
  const work = ['script and layout p50', 'p95', 'max'];
  const head = ['rows', 'frames', ...work, 'of it script', 'layout', 'and paint', 'all p95', 'all p95, wall'];
  const ms = quick ? 10_000 : 30_000;
  const rows = await measureAll(ms);
  for (const range of RANGES) rows.push(await measureMap(range, ms));
  console.log(table(head, rows));
  console.log(
    '\nMilliseconds of the main thread per frame: of its processor time, the last column by the clock.',
  );
}

async function measureAll(ms: number): Promise<Cell[][]> {
  const scope = new Scope();
  const rows: Cell[][] = [];
  try {
    const place = await Place.open(scope);
    const subject = await Subject.start(scope, { flags: ['--interval', String(INTERVAL_MS)] });
    await place.client({ rate: RATE, spread: FLOWS });
    const filter = encodeURIComponent(`netns:${place.netns.inode} dir:out`);
    const { page, problems } = await openPage(scope, `${subject.service.url}?filter=${filter}`);
    await page.locator('.culprits .count', { hasText: 'of 1,000' }).waitFor(WITHIN);
    console.log(`First paint, with ${FLOWS.toLocaleString('en')} flows: ${await firstPaint(page)} ms\n`);
    for (const { title, look } of VIEWS) {
      await look(page);
      rows.push([title, ...(await measure(page, ms))]);
    }
    if (problems.length > 0) throw new Error(problems.join('\n'));
  } finally {
    await scope.end();
  }
  return rows;
}

/** From the request to the first text or picture, ms: of a page that is opened again, with nothing kept from before. */
async function firstPaint(page: Page): Promise<string> {
  const times: number[] = [];
  for (let round = 0; round < PAINTS; round++) {
    const context = await page.context().browser()?.newContext();
    const other = await context?.newPage();
    await other?.goto(page.url());
    const read = () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0;
    const painted = await other?.waitForFunction(read, null, WITHIN);
    times.push((await painted?.jsonValue()) ?? Number.NaN);
    await context?.close();
  }
  return [quantile(times, 0.5), quantile(times, 1)].map((ms) => ms.toFixed(0)).join(', at most ');
}

/** The default range, and the widest: all of it in TIME_WAIT, so that every cell of the map changes its colour each second. */
const RANGES = [
  [32_768, 60_999],
  [1024, 65_535],
] as const;

async function measureMap([first, last]: (typeof RANGES)[number], ms: number): Promise<Cell[]> {
  const scope = new Scope();
  const ports = last - first + 1;
  const sysctls = { 'net.ipv4.ip_local_port_range': `${first} ${last}`, 'net.ipv4.tcp_tw_reuse': 0 };
  try {
    const place = await Place.open(scope, { sysctls });
    const flags = ['--filter', `netns:${place.netns.inode}`];
    const subject = await Subject.start(scope, { flags });
    await place.fill(first, last);
    const { page, problems } = await openPage(scope, subject.service.url);
    const map = page.getByRole('region', { name: 'Port map' });
    await map.scrollIntoViewIfNeeded(WITHIN);
    await map.locator('canvas').waitFor(WITHIN);
    const cells = await measure(page, ms);
    if (problems.length > 0) throw new Error(problems.join('\n'));
    return [`the port map of ${ports.toLocaleString('en')}`, ...cells];
  } finally {
    await scope.end();
  }
}

async function measure(page: Page, ms: number): Promise<Cell[]> {
  await pause(SETTLE_MS);
  const browser = page.context().browser();
  if (browser === null) throw new Error('the page has no browser');
  await browser.startTracing(page, { categories: CATEGORIES });
  await pause(ms);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: TraceEvent[];
  };
  // Others are a blinking caret, the clock of the strip.
  const frames = framesOf(traceEvents).filter(({ script }) => script > 1);
  const of = (q: number, read: (frame: Frame) => number) => quantile(frames.map(read), q).toFixed(1);
  const mean = (read: (frame: Frame) => number) =>
    (frames.reduce((sum, frame) => sum + read(frame), 0) / frames.length).toFixed(1);
  const work = ({ script, layout }: Frame) => script + layout;
  return [
    frames.length,
    ...[0.5, 0.95, 1].map((q) => of(q, work)),
    mean(({ script }) => script),
    mean(({ layout }) => layout),
    mean(({ paint }) => paint),
    of(0.95, ({ total }) => total),
    of(0.95, ({ wall }) => wall),
  ];
}
