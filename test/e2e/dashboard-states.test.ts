/**
 * What the page says when it cannot know: a silent service, one that was killed and started again, one that sees less; and
 * that a hidden page asks for less. Real Chromium, real service.
 */
import type { Locator, Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { openBrowser, openPage, shownRow } from '../support/browser.js';
import { Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { fileScope } from '../support/scope.js';
import { type Service, serviceOf } from '../support/service.js';

const WITHIN = { timeout: 120_000 };
/** The tests wait at the same time: each has a service and a page of its own. */
const scope = fileScope();
const browser = openBrowser(scope);
const netns = Netns.create(scope);
let silenced: Service;
let steady: Service;

beforeAll(async () => {
  silenced = await serviceOf(scope, netns);
  steady = await serviceOf(scope, netns);
  await holds();
});
const status = (page: Page) => page.locator('.strip').getByRole('status');
const isGrey = (page: Page) => page.locator('main').evaluate((main) => main.classList.contains('old'));

/** Connections that stay, so that there is a row to look at. */
async function holds(): Promise<void> {
  const code = `import socket, sys
listener = socket.create_server(("127.0.0.1", 8080))
kept = [socket.create_connection(("127.0.0.1", 8080)) for _ in range(3)]
print("ready", flush=True)
sys.stdin.read()`;
  const running = await start(scope, ['/usr/bin/python3', '-c', code], { netns });
  await running.printed(/ready/);
  for (const service of [silenced, steady]) {
    const flows = (await service.stream(scope)).subscribe('flows');
    await flows.until((rows) => rows.length > 0, WITHIN.timeout);
  }
}

/** All of it is in the window, and nothing lies over it. */
const isInSight = (element: Locator): Promise<boolean> =>
  element.evaluate((node) => {
    const { left, right, top, bottom } = node.getBoundingClientRect();
    const corners = [left + 1, right - 1].flatMap((x) => [top + 1, bottom - 1].map((y) => [x, y] as const));
    const isFree = ([x, y]: readonly [number, number]) => {
      const hit = document.elementFromPoint(x, y);
      return hit !== null && (node.contains(hit) || hit.contains(node));
    };
    return right <= innerWidth && bottom <= innerHeight && corners.every(isFree);
  });

/** Sockets of the page: what it sent on each. */
function sent(page: Page): string[] {
  const frames: string[] = [];
  page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => frames.push(String(payload))));
  return frames;
}

it.concurrent('greys what is old with its age while the service is silent or gone, and is fresh again when it is back', async () => {
  const service = silenced;
  const { page, problems } = await openPage(scope, service.url, browser);
  const row = () =>
    shownRow(page, /TCP flows/, (cells) => /^127\.0\.0\.1:8080\b/.test(cells.Destination ?? ''));
  await row();
  await status(page).getByText('Live').waitFor(WITHIN);
  expect(await isGrey(page)).toBe(false);

  process.kill(service.pid, 'SIGSTOP');
  await status(page).getByText('Stale').waitFor(WITHIN);
  await page
    .locator('.strip')
    .getByText(/nothing heard for \d+ s, data of/)
    .waitFor(WITHIN);
  expect([await isGrey(page), (await row()).Destination]).toEqual([
    true,
    expect.stringMatching(/^127\.0\.0\.1:8080\b/),
  ]);
  process.kill(service.pid, 'SIGCONT');
  await status(page).getByText('Live').waitFor(WITHIN);

  process.kill(service.pid, 'SIGKILL');
  await status(page).getByText('Lost').waitFor(WITHIN);
  await page.getByText('The service does not answer.', { exact: false }).waitFor(WITHIN);
  await page
    .getByRole('region', { name: 'Verdict' })
    .getByText(/as of \d\d:\d\d:\d\d/)
    .waitFor(WITHIN);
  expect([await isGrey(page), (await row()).Destination]).toEqual([
    true,
    expect.stringMatching(/^127\.0\.0\.1:8080\b/),
  ]);

  await service.process.exited;
  await serviceOf(scope, netns, '--listen', new URL(service.url).host, '--no-syscalls');
  await status(page).getByText('Live').waitFor(WITHIN);
  expect([await isGrey(page), (await row()).Destination]).toEqual([
    false,
    expect.stringMatching(/^127\.0\.0\.1:8080\b/),
  ]);
  const journal = page.getByRole('region', { name: 'Event log' });
  for (const word of ['Connection lost', 'Connection resumed', 'Service restarted'])
    await journal.getByText(word).waitFor(WITHIN);
  await page.locator('.limits summary').click(WITHIN);
  const remedy = page.getByText('Start it without --no-syscalls.');
  await remedy.waitFor(WITHIN);
  const card = page.locator('.limits li').filter({ has: remedy });
  for (const [width, height] of [
    [1280, 720],
    [1440, 900],
    [1920, 1080],
  ] as const) {
    await page.setViewportSize({ width, height });
    expect([width, await isInSight(card)]).toEqual([width, true]);
  }
  const refused = /WebSocket connection to .* failed|net::ERR_/;
  expect(problems.filter((text) => !refused.test(text))).toEqual([]);
});

it.concurrent('asks for less while it is hidden, fits a telephone, and moves nothing for whoever wants no motion', async () => {
  const { page, problems } = await openPage(scope, 'about:blank', browser);
  const frames = sent(page);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(steady.url);
  await status(page).getByText('Live').waitFor(WITHIN);
  await page.getByRole('img', { name: 'Ports held' }).waitFor(WITHIN);
  const widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect(widths[0]).toBe(widths[1]);
  const moving = await page.evaluate(() => document.getAnimations().length);
  expect(moving).toBe(0);
  await expectOrder(page);
  expect(await motion(page)).toEqual({ bar: '0s', flash: 'none' });
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  expect(await motion(page)).toEqual({ bar: '0.2s', flash: 'flash' });

  const paces = () =>
    frames.filter((text) => text.includes('"subscribe"') && text.includes('"intervalMs":5000'));
  expect(paces()).toEqual([]);
  await hide(page, true);
  await expect.poll(() => paces().length, WITHIN).toBeGreaterThan(3);
  const before = frames.length;
  await hide(page, false);
  await expect.poll(() => frames.length, WITHIN).toBeGreaterThan(before);
  expect(frames.slice(before).filter((text) => text.includes('intervalMs'))).toEqual([]);
  expect(problems).toEqual([]);
});

/** How long a bar takes to its new length, and what a new failure does. */
const motion = (page: Page) =>
  page.evaluate(() => {
    const styleOf = (selector: string) => getComputedStyle(document.querySelector(selector) as Element);
    const count = document.querySelector('.failures .count') as HTMLElement;
    count.classList.add('flash');
    const { animationName: flash } = getComputedStyle(count);
    count.classList.remove('flash');
    return { bar: styleOf('.budgets .bar').transitionDuration, flash };
  });

/** On a telephone: the verdict is the first part of the page, and no number is broken into lines. */
async function expectOrder(page: Page): Promise<void> {
  const first = page.locator('main > section').first();
  expect(await first.getAttribute('aria-label')).toBe('Verdict');
  const broken = await page.locator('td.number, dd').evaluateAll((all) =>
    all
      .filter((one) => one.checkVisibility())
      .map((one) => {
        const range = document.createRange();
        range.selectNodeContents(one);
        return [
          one.textContent,
          new Set([...range.getClientRects()].map(({ top }) => Math.round(top / 10))).size,
        ];
      })
      .filter(([, lines]) => Number(lines) > 1),
  );
  expect(broken).toEqual([]);
}

/** Headless pages are always in sight: the page is told otherwise, as a browser tells it. */
async function hide(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}
