/**
 * The pictures of the page in a real browser, beside what ss says of the same sockets: the port map with its skyline, and the graph of who
 * holds whose ports. One scene for all cases: a budget that is full, of which one process holds connections, another leaves TIME_WAIT, and a
 * third finds no port.
 */
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { violations } from '../support/axe.js';
import { openBrowser, openPage } from '../support/browser.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { KEPT, Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { fileScope, type Scope, testScope } from '../support/scope.js';
import { pythonScript } from '../support/script.js';
import { type Service, serviceOf } from '../support/service.js';

const HOLD_PORTS = fileURLToPath(new URL('../support/hold_ports.py', import.meta.url));
const WITHIN = { timeout: 20_000 };
const DB = '127.0.0.1:8080';
const CACHE = '127.0.0.1:8081';
const [FIRST, LAST] = [30_000, 30_399];
const RESERVED = [30_100, 30_119] as const;
const BLOCKED = 30_200;
const SETTINGS = {
  ...KEPT,
  'net.ipv4.ip_local_port_range': `${FIRST} ${LAST}`,
  'net.ipv4.ip_local_reserved_ports': RESERVED.join('-'),
};
const HELD = { 'hold-ms': 600_000 } as const;
const VICTIM = `import socket, time
while True:
    socket.socket().connect_ex(("127.0.0.1", 8080))
    time.sleep(0.1)`;

/** Those that bind() blocks for the database, by connections to the cache: most of the range. */
const TAKEN = LAST - RESERVED[1];
const BLOCKER = `import socket, sys
kept = []
for port in range(${RESERVED[1] + 1}, ${LAST + 1}):
    kept.append(socket.socket())
    kept[-1].bind(("127.0.0.1", port))
    kept[-1].connect(("127.0.0.1", 8081))
print("ready", flush=True)
sys.stdin.read()`;

const scope = fileScope();
const browser = openBrowser(scope);
const netns = Netns.create(scope, SETTINGS);
let page: Page;
let problems: string[];
let holder: number;
let churner: number;
let victim: number;
/** What the page sent over its WebSocket. */
const sent: { type: string; sub: string; topic?: string }[] = [];

beforeAll(async () => {
  const service = await serviceOf(scope, netns);
  await churnServer(scope, netns, [DB, CACHE]);
  await (await start(scope, ['python3', HOLD_PORTS, String(BLOCKED)], { netns })).printed(/ready/);
  holder = (await churnClient(scope, netns, { to: DB, count: 100, ...HELD })).pid;
  await churnClient(scope, netns, { to: CACHE, count: 30, ...HELD });
  ({ churner, victim } = await starve(scope, service, netns));
  ({ page, problems } = await openPage(scope, service.url, browser));
  page.on('websocket', (socket) =>
    socket.on('framesent', ({ payload }) => void sent.push(JSON.parse(String(payload)))),
  );
  await page.reload();
  await map().scrollIntoViewIfNeeded(WITHIN);
  await toward(DB).waitFor(WITHIN);
}, 120_000);

/** One that uses up what is free toward the database, then one that finds nothing. */
async function starve(scope: Scope, service: Service, netns: Netns) {
  const failures = (await service.stream(scope)).subscribe('failures');
  const churner = (await churnClient(scope, netns, { to: DB, count: 1_000_000, rate: 60 })).pid;
  await failures.until((rows) => rows.some(({ count }) => count > 10), WITHIN.timeout);
  const victim = (await start(scope, pythonScript(scope, 'checkout', VICTIM), { netns })).pid;
  await failures.until((rows) => rows.some(({ process }) => process.pid === victim), WITHIN.timeout);
  return { churner, victim };
}

const map = () => page.getByRole('region', { name: 'Port map' });
const graph = (on = page) => on.getByRole('region', { name: 'Who holds whose ports' });
const slider = () => map().getByRole('slider', { name: 'Local port' });
const toward = (destination: string) => map().getByText(`toward ${destination}`);
const node = (name: RegExp, on = page) => graph(on).getByRole('button', { name });
const named = (pid: number) => new RegExp(` ${pid}\\b`);

/** Local ports that ss lists toward a destination; of TIME_WAIT entries with the seconds that they have left. */
function listed(destination: string, state: 'established' | 'time-wait'): Map<number, number> {
  const lines = netns.exec('ss', '-Htano', 'state', state, 'dst', destination).trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [, , local = ''] = line.trim().split(/\s+/);
      return [Number(local.split(':').at(-1)), Number(/timewait,(\d+)sec/.exec(line)?.[1] ?? 0)];
    }),
  );
}

/** `rgb(1, 2, 3)` of each port, as the canvas has it. */
async function painted(): Promise<Map<number, string>> {
  const pixels = await map()
    .locator('canvas')
    .evaluate((element) => {
      const canvas = element as HTMLCanvasElement;
      const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(
        0,
        0,
        canvas.width,
        canvas.height,
      );
      return Array.from(
        { length: data.length / 4 },
        (_, i) => `rgb(${data.slice(4 * i, 4 * i + 3).join(', ')})`,
      );
    });
  return new Map(pixels.slice(0, LAST - FIRST + 1).map((colour, at) => [FIRST + at, colour]));
}

const background = (chip: Locator) => chip.evaluate((element) => getComputedStyle(element).backgroundColor);
const chip = (name: RegExp) =>
  background(map().getByRole('listitem').filter({ hasText: name }).locator('.chip'));

/** Where a port lies, in pixels of the page's canvas. */
async function positionOf(port: number): Promise<{ x: number; y: number }> {
  const { columns, wide, high } = await map()
    .locator('canvas')
    .evaluate((element) => {
      const { width, height, clientWidth, clientHeight } = element as HTMLCanvasElement;
      return { columns: width, wide: clientWidth / width, high: clientHeight / height };
    });
  const at = port - FIRST;
  return { x: ((at % columns) + 0.5) * wide, y: (Math.floor(at / columns) + 0.5) * high };
}

/** What is said of the chosen port: to who sees it, and to a screen reader. */
const said = async () => [
  await map().locator('.says').textContent(),
  await slider().getAttribute('aria-valuetext'),
];

it('paints each port in the colour of who has it, pale where only a TIME_WAIT entry has it', async () => {
  await map().locator('canvas').scrollIntoViewIfNeeded();
  const before = listed(DB, 'time-wait');
  const open = [...listed(DB, 'established').keys()];
  expect(open).toHaveLength(100);
  await expect.poll(async () => new Set([...(await painted()).values()]).size, WITHIN).toBeGreaterThan(4);
  const colours = await painted();
  const after = listed(DB, 'time-wait');
  const colourOf = (port: number) => colours.get(port);
  const [own, free, blocked, reserved] = [
    await chip(named(holder)),
    await chip(/^free/),
    await chip(/^blocked/),
    await map()
      .locator('canvas')
      .evaluate((element) => getComputedStyle(element).getPropertyValue('--p-reserved')),
  ];
  expect(new Set(open.map(colourOf))).toEqual(new Set([own]));
  const waiting = [...before.keys()].filter((port) => after.has(port));
  expect(waiting.length).toBeGreaterThan(200);
  const full = new Set([own, free, blocked, await chip(named(churner))]);
  expect(waiting.map(colourOf).filter((colour) => colour === undefined || full.has(colour))).toEqual([]);
  expect(colourOf(BLOCKED)).toBe(blocked);
  const pattern = Array.from({ length: 20 }, (_, i) => colourOf(RESERVED[0] + i));
  expect(new Set(pattern)).toEqual(new Set([free, rgb(reserved)]));
});

const rgb = (hex: string) =>
  `rgb(${[1, 3, 5].map((at) => Number.parseInt(hex.trim().slice(at, at + 2), 16)).join(', ')})`;

it('has for a program the colour that it has in the timeline', async () => {
  const reading = page.getByRole('region', { name: 'Timeline' }).locator('.reading', { hasText: 'churngen' });
  const inTimeline = await reading.evaluate(
    (element) => getComputedStyle(element, '::before').backgroundColor,
  );
  const onMap = async () => [await chip(named(holder)), await chip(named(churner))];
  await expect.poll(onMap, WITHIN).toContain(inTimeline);
});

it('names the port under the pointer, and the one that keys choose', async () => {
  const [open] = [...listed(DB, 'established').keys()] as [number];
  await map()
    .locator('canvas')
    .hover({ position: await positionOf(open) });
  const text = `Port ${open}: churngen ${holder}, established`;
  await expect.poll(said, WITHIN).toEqual([text, text]);
  await map()
    .locator('canvas')
    .hover({ position: await positionOf(BLOCKED) });
  await expect.poll(async () => (await said())[0], WITHIN).toBe(`Port ${BLOCKED}: blocked by bind()`);

  await slider().focus();
  await page.keyboard.press('Home');
  const columns = await map()
    .locator('canvas')
    .evaluate((element) => (element as HTMLCanvasElement).width);
  const chosen = async () => Number(await slider().getAttribute('aria-valuenow'));
  const steps = [
    ['ArrowRight', FIRST + 1],
    ['ArrowDown', FIRST + 1 + columns],
    ['ArrowUp', FIRST + 1],
    ['End', LAST],
    ['ArrowRight', LAST],
    ['Home', FIRST],
  ] as const;
  for (const [key, port] of steps) {
    await page.keyboard.press(key);
    await expect.poll(chosen, WITHIN).toBe(port);
    expect((await said())[0]).toContain(`Port ${port}: `);
  }
  const waiting = [...listed(DB, 'time-wait')].find(([, left]) => left > 20) as [number, number];
  await map()
    .locator('canvas')
    .hover({ position: await positionOf(waiting[0]) });
  await expect.poll(async () => (await said())[0], WITHIN).toMatch(/^Port \d+: .*, TIME_WAIT, \d+ s left$/);
  const left = Number(/(\d+) s left/.exec((await said())[0] ?? '')?.[1]);
  expect(Math.abs(left - waiting[1])).toBeLessThanOrEqual(5);
});

it('says in how many seconds how many ports come back, as their timers do', async () => {
  const summary = map().locator('#skyline-summary');
  const texts = (await summary.textContent()) ?? '';
  const lefts = [...listed(DB, 'time-wait').values()];
  const steps = [...texts.matchAll(/([\d,]+) in \d+ to (\d+) s/g)].map(([, ports = '', within = '']) => ({
    ports: Number(ports.replace(',', '')),
    within: Number(within),
  }));
  const total = steps.reduce((sum, { ports }) => sum + ports, 0);
  expect(Math.abs(total - lefts.length)).toBeLessThanOrEqual(20);
  for (const { within } of steps) {
    const upTo = steps.filter((step) => step.within <= within).reduce((sum, { ports }) => sum + ports, 0);
    const timers = (seconds: number) => lefts.filter((left) => left <= seconds).length;
    expect(upTo, texts).toBeGreaterThanOrEqual(timers(within - 5) - 20);
    expect(upTo, texts).toBeLessThanOrEqual(timers(within + 5) + 20);
  }
});

/** Dashed red lines that begin at one process's box and end at another's. */
async function arrows(on: Page, from: number, to: number): Promise<number> {
  const [begins, ends] = [await node(named(from), on).boundingBox(), await node(named(to), on).boundingBox()];
  const lines = await graph(on)
    .locator('path.blame')
    .evaluateAll((paths) =>
      (paths as SVGPathElement[]).map((path) => {
        const { top, left } = (path.ownerSVGElement as SVGSVGElement).getBoundingClientRect();
        const [begin, end] = [path.getPointAtLength(0), path.getPointAtLength(path.getTotalLength())];
        return [begin, end].map(({ x, y }) => ({ x: x + left, y: y + top }));
      }),
    );
  const touches = (at: { x: number; y: number } | undefined, box: typeof begins) =>
    at !== undefined &&
    box !== null &&
    Math.abs(at.x - box.x) < 12 &&
    at.y > box.y &&
    at.y < box.y + box.height;
  return lines.filter(([begin, end]) => touches(begin, begins) && touches(end, ends)).length;
}

it('leads an arrow from the process that finds no port to the one that holds most of them', async () => {
  await graph().scrollIntoViewIfNeeded();
  await node(named(victim)).waitFor(WITHIN);
  await graph().getByText('As a table').click();
  const row = graph()
    .getByRole('row')
    .filter({ hasText: String(victim) });
  await row.getByText(`most are held by churngen ${churner}`).waitFor(WITHIN);
  await row.getByText(DB).waitFor(WITHIN);
  expect(await arrows(page, victim, churner)).toBe(1);
  expect(await graph().getByRole('row').filter({ hasText: CACHE }).allTextContents()).toEqual([
    expect.stringMatching(/^churngen \d+127\.0\.0\.1:8081127\.0\.0\.130/),
  ]);
});

it('leads it to who blocks most ports by bind(), and says that they are blocked', async () => {
  const scope = testScope();
  const place = Netns.create(scope, SETTINGS);
  const service = await serviceOf(scope, place);
  await churnServer(scope, place, [DB, CACHE]);
  const blocker = await start(scope, pythonScript(scope, 'importer', BLOCKER), { netns: place });
  await blocker.printed(/ready/);
  const { victim, churner } = await starve(scope, service, place);
  const { page: other, problems } = await openPage(scope, service.url, browser);
  await graph(other).scrollIntoViewIfNeeded(WITHIN);
  await node(named(victim), other).waitFor(WITHIN);
  await expect
    .poll(() => node(named(blocker.pid), other).textContent(), WITHIN)
    .toContain(`blocks ${TAKEN} by bind()`);
  await graph(other).getByText('As a table').click();
  const row = graph(other)
    .getByRole('row')
    .filter({ hasText: String(victim) });
  await row.getByText(new RegExp(`most are blocked by bind\\(\\) of .* ${blocker.pid}$`)).waitFor(WITHIN);
  await expect.poll(() => arrows(other, victim, blocker.pid), WITHIN).toBe(1);
  expect(await arrows(other, victim, churner)).toBe(0);
  expect(problems).toEqual([]);
});

it('has no finding of axe with all of it unfolded, dark and light', async () => {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.locator(`[data-theme="${colorScheme}"]`).waitFor({ state: 'attached' });
    expect(await violations(page)).toEqual([]);
  }
});

it('opens the row of a process, and chooses the budget of a tank, by keyboard', async () => {
  await node(named(holder)).focus();
  await page.keyboard.press('Enter');
  await expect.poll(() => new URL(page.url()).searchParams.get('row') ?? '', WITHIN).toContain(DB);
  await page.keyboard.press('Escape');
  await node(/30 \/ 380/).focus();
  await page.keyboard.press('Enter');
  await toward(CACHE).waitFor(WITHIN);
  await expect
    .poll(async () => (await chip(/^reserved/)) !== '' && map().locator('.legend').textContent(), WITHIN)
    .toMatch(/^churngen \d+ 30/);
  await node(/^127\.0\.0\.1:8080/).click();
  await toward(DB).waitFor(WITHIN);
});

/** Of each kind of element, with all around it. */
function opacities(all: Element[]): Record<string, number[]> {
  const found: Record<string, Set<number>> = {};
  for (const one of all) {
    let opacity = 1;
    for (let box: Element | null = one; box !== null; box = box.parentElement)
      opacity *= Number(getComputedStyle(box).opacity);
    found[one.classList[0] ?? ''] = (found[one.classList[0] ?? ''] ?? new Set()).add(opacity);
  }
  return Object.fromEntries(Object.entries(found).map(([name, values]) => [name, [...values]]));
}

it('keeps the picture of the budget before until that of the one just chosen has come', async () => {
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const isOfCache = (url: URL) =>
    url.pathname.endsWith('/api/v1/history') && (url.searchParams.get('budget') ?? '').endsWith(CACHE);
  await page.route(isOfCache, async (route) => {
    await held;
    await route.continue();
  });
  const summary = () => page.locator('#ports-chart-summary').textContent();
  const before = page.locator('.timeline .charts canvas').first();
  expect(await summary()).toMatch(/^3\d\d of \d+ ports held now/);
  await node(/30 \/ 380/).click();
  await page.locator('.timeline .charts[aria-busy="true"]').waitFor(WITHIN);
  expect(await summary()).toMatch(/^3\d\d of \d+ ports held now/);
  expect(await before.isVisible()).toBe(true);
  /* The drawing is dimmed, and no text. */
  expect(await page.locator('.timeline .canvas, .timeline .reading').evaluateAll(opacities)).toEqual({
    canvas: [0.55],
    reading: [1],
  });
  letGo();
  await page.locator('.timeline .charts[aria-busy="false"]').waitFor(WITHIN);
  expect(await summary()).toMatch(/^3\d of \d+ ports held now/);
  await page.unrouteAll({ behavior: 'wait' });
  await node(/^127\.0\.0\.1:8080/).click();
  await toward(DB).waitFor(WITHIN);
});

it('asks for the map only while it can be seen: not folded, not out of sight, not in a pause', async () => {
  const watched = () => {
    const open = new Set<string>();
    for (const { type, sub, topic } of sent) {
      if (type === 'subscribe' && topic === 'ports') open.add(sub);
      if (type === 'unsubscribe') open.delete(sub);
    }
    return open.size;
  };
  const section = page.locator('section', { has: page.locator('#port-map-title') });
  /* By script: the page's policy allows no style in its markup. */
  const display = (value: string) =>
    section.evaluate((element, text) => {
      (element as HTMLElement).style.display = text;
    }, value);
  const fold = map().getByRole('button', { name: 'Port map' });
  const ways: [string, () => Promise<unknown>, () => Promise<unknown>][] = [
    ['folded', () => fold.click(), () => fold.click()],
    [
      'paused',
      () => page.getByRole('button', { name: 'Pause' }).click(),
      () => page.getByRole('button', { name: 'Resume' }).click(),
    ],
    ['out of sight', () => display('none'), () => display('')],
  ];
  await map().scrollIntoViewIfNeeded();
  await expect.poll(watched, WITHIN).toBe(1);
  for (const [way, leave, come] of ways) {
    await leave();
    await expect.poll(watched, { ...WITHIN, message: way }).toBe(0);
    await come();
    await expect.poll(watched, { ...WITHIN, message: way }).toBe(1);
  }
  expect(await fold.getAttribute('aria-expanded')).toBe('true');
  expect(problems).toEqual([]);
});
