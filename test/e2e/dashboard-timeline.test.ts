/**
 * A page opened in the middle of an incident shows what led there: the service's history on the charts, continued live, with
 * one cursor and zoom; what happened in the event log. Real Chromium, real service.
 */
import type { Locator, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { openBrowser, openPage } from '../support/browser.js';
import { program } from '../support/misconfigured.js';
import { KEPT, Netns } from '../support/netns.js';
import { run } from '../support/process.js';
import { testScope } from '../support/scope.js';
import { pythonScript } from '../support/script.js';
import { serviceOf } from '../support/service.js';

const ADDRESS = '127.0.0.1';
const NOBODY_LISTENS = 9;
const DAY_MS = 86_400_000;
/** 400 ports, none of which is taken over: some six seconds. */
const SETTINGS = { ...KEPT, 'net.ipv4.ip_local_port_range': '30000 30399' };
const WITHIN = { timeout: 120_000 };

const timeline = (page: Page) => page.getByRole('region', { name: 'Timeline' });
const journal = (page: Page) => page.getByRole('region', { name: 'Event log' });
const chart = (page: Page, name: string) => timeline(page).getByRole('img', { name });

/** The sentence that describes a chart to whoever cannot see it. */
const described = async (page: Page, name: string): Promise<string> => {
  const id = await chart(page, name).getAttribute('aria-describedby');
  return (await page.locator(`#${id}`).textContent()) ?? '';
};

/** Waits until the description matches, frame by frame. */
async function says(page: Page, name: string, pattern: RegExp): Promise<string> {
  const id = await chart(page, name).getAttribute('aria-describedby');
  await page.waitForFunction(
    ([id, source]) =>
      new RegExp(source as string).test(document.getElementById(id as string)?.textContent ?? ''),
    [id, pattern.source],
    WITHIN,
  );
  return described(page, name);
}

/** The wall clock time that follows these words, as Unix ms. */
function timeAfter(words: RegExp, text: string): number {
  const [, time] = new RegExp(`${words.source} (\\d\\d:\\d\\d:\\d\\d)`).exec(text) ?? [];
  const [hours, minutes, seconds] = (time ?? '').split(':').map(Number);
  const today = new Date().setHours(hours ?? Number.NaN, minutes, seconds, 0);
  return today > Date.now() ? today - DAY_MS : today;
}

/** Opaque pixels of the canvas that are not grey, by column: where something is drawn. */
const paintedColumns = (canvas: Locator): Promise<number> =>
  canvas.locator('canvas').evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement;
    const image = (element as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height);
    const data = image?.data ?? new Uint8ClampedArray();
    const columns = new Set<number>();
    for (let at = 0; at < data.length; at += 4) {
      const [r = 0, g = 0, b = 0, alpha = 0] = data.subarray(at, at + 4);
      if (alpha > 200 && Math.max(r, g, b) - Math.min(r, g, b) > 40) columns.add((at / 4) % width);
    }
    return columns.size;
  });

/** Slowly: new seconds come while the mouse is down, and none of them undoes what is being drawn. */
async function drag(page: Page, canvas: Locator, from: number, to: number): Promise<void> {
  const box = await canvas.locator('.u-over').boundingBox();
  if (box === null) throw new Error('the chart is not in sight');
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * from, y);
  await page.mouse.down();
  await page.mouse.move(box.x + (box.width * (from + to)) / 2, y, { steps: 5 });
  const selected = () => canvas.locator('.u-select').boundingBox();
  const half = await selected();
  expect(half?.width).toBeGreaterThan(10);
  const live = page.locator('.strip .detail');
  for (let second = 0; second < 2; second++) {
    const before = await live.textContent();
    await expect.poll(() => live.textContent(), WITHIN).not.toBe(before);
  }
  expect(await selected()).toEqual(half);
  await page.mouse.move(box.x + box.width * to, y, { steps: 5 });
  await page.mouse.up();
}

const shownSpan = (page: Page) => timeline(page).locator('header .count').textContent();

/** The span of the address, Unix seconds. */
const spanOf = (page: Page) =>
  (new URL(page.url()).searchParams.get('zoom') ?? '').split('-').map(Number) as [number, number];

/** Nearer, earlier, later, farther: each key does what it says, to both charts. */
async function expectKeys(page: Page): Promise<void> {
  const press = async (key: string, does: (span: [number, number]) => boolean) => {
    const said = await shownSpan(page);
    await page.locator('body').press(key);
    await expect.poll(() => does(spanOf(page)), { ...WITHIN, message: key }).toBe(true);
    await expect.poll(() => shownSpan(page), { ...WITHIN, message: key }).not.toBe(said);
  };
  const [from, to] = spanOf(page);
  await press('+', ([a, b]) => a > from && b < to);
  const near = spanOf(page);
  await press('ArrowLeft', ([a, b]) => a < near[0] && b < near[1]);
  const earlier = spanOf(page);
  await press('ArrowRight', ([a, b]) => a > earlier[0] && b > earlier[1]);
  await press('-', ([a, b]) => b - a > near[1] - near[0]);
}

/** Through that many new seconds: a span that was chosen is not moved by data. */
async function keepsSpanFor(page: Page, seconds: number): Promise<void> {
  const before = await shownSpan(page);
  for (; seconds > 0; seconds--) {
    const said = await described(page, 'Per second');
    await page.waitForFunction(
      (old) => document.getElementById('rates-chart-summary')?.textContent !== old,
      said,
      WITHIN,
    );
  }
  expect(await shownSpan(page)).toBe(before);
}

it('shows what led to the incident before the page was opened, goes on live, zooms, and logs what happens', async () => {
  const scope = testScope();
  const netns = Netns.create(scope, SETTINGS);
  const service = await serviceOf(scope, netns);
  await program(scope, netns, 'server.mjs', ADDRESS, 8080);
  const browser = openBrowser(scope);
  const bad = await program(scope, netns, 'agent-per-request.mjs', ADDRESS, 8080);
  const failed = (await service.stream(scope)).subscribe('failures');
  const key = await failed.until(
    (rows) => rows.find(({ count, budget }) => count > 50 && budget !== null)?.budget,
    WITHIN.timeout,
  );
  const said = (await service.stream(scope)).subscribe('verdict');
  await said.until(([row]) => row?.level === 'critical', WITHIN.timeout);

  const opened = Date.now();
  const { page, problems } = await openPage(scope, service.url, browser);
  await page.getByRole('region', { name: 'Verdict' }).getByText('Out of ports').waitFor({ timeout: 5000 });
  await page
    .getByRole('region', { name: 'Incident' })
    .getByText('Critical')
    .first()
    .waitFor({ timeout: 5000 });
  await timeline(page).getByLabel('What the timeline shows').selectOption(`key ${key}`, WITHIN);

  const ports = await says(page, 'Ports held', / of 400 ports held now/);
  expect(ports).toMatch(/^(39\d|400) of 400 ports held now: TIME_WAIT /);
  const rates = await says(page, 'Per second', /EADDRNOTAVAIL/);
  expect(timeAfter(/first at/, rates)).toBeLessThan(opened);
  expect(timeAfter(/^Opens .*?\/s at/, rates)).toBeLessThan(opened);
  await expect.poll(() => paintedColumns(chart(page, 'Ports held')), WITHIN).toBeGreaterThan(20);
  await timeline(page)
    .locator('.note', { hasText: 'First failure: EADDRNOTAVAIL to 127.0.0.1:8080' })
    .waitFor(WITHIN);

  await says(page, 'Ports held', / Held by agent-per-request\.mjs .*\d+/);
  expect(rates).toMatch(/ The ports allow \d[\d.]*\/s\. /);
  await timeline(page).locator('.reading.as-bars').getByText('EADDRNOTAVAIL').waitFor(WITHIN);
  const [whole, drawnIn] = [
    await timeline(page).boundingBox(),
    await chart(page, 'Ports held').boundingBox(),
  ];
  expect([whole?.height, (drawnIn?.y ?? 0) + (drawnIn?.height ?? 0) <= (whole?.y ?? 0) + 240]).toEqual([
    240,
    true,
  ]);

  await drag(page, chart(page, 'Ports held'), 0.5, 0.9);
  await timeline(page).getByRole('button', { name: 'Live again' }).waitFor(WITHIN);
  await keepsSpanFor(page, 3);
  await expectKeys(page);
  expect(new URL(page.url()).searchParams.get('budget')).toBe(key);
  /* One cursor: each chart is drawn in a frame of its own. */
  const times = () => timeline(page).locator('.chart time').allTextContents();
  const isOneTime = ([above, below]: string[]) => /^\d\d:\d\d:\d\d$/.test(above ?? '') && below === above;
  await expect.poll(times, WITHIN).toSatisfy(isOneTime);
  await chart(page, 'Per second').locator('.u-over').dblclick();
  await timeline(page).getByText('drag to zoom').waitFor(WITHIN);

  const name = '<img src=x>';
  const code = `import socket
open("/proc/self/comm", "w").write(${JSON.stringify(name)})
socket.socket().connect_ex(("${ADDRESS}", ${NOBODY_LISTENS}))`;
  await run(pythonScript(scope, name, code), { netns });
  netns.sysctl({ 'net.ipv4.tcp_tw_reuse': 1 });
  await bad.stop();
  const entry = (text: string | RegExp) => journal(page).getByText(text).first().waitFor(WITHIN);
  await entry(
    /agent-per-request\.mjs \(pid \d+\) to 127\.0\.0\.1:8080( \(server\.mjs\))?: connect\(\) EADDRNOTAVAIL, no free local port/,
  );
  await entry(`${name} (pid`);
  await entry(/tcp_tw_reuse 0 → 1/);
  await entry(`agent-per-request.mjs (pid ${bad.pid})`);
  await journal(page).getByText('Process exited').first().waitFor(WITHIN);
  await says(page, 'Per second', /^Opens 0\/s now/);
  expect(await page.locator('img').count()).toBe(0);
  expect(problems).toEqual([]);
});
