/**
 * Several incidents at once on one page, in a real browser against the real service: whatever the screen and the colours, what a person
 * must know of each is in sight without scrolling and covered by nothing, stays under the pointer, and what is copied mends that very one.
 */
import { execSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { IncidentRow } from '../../src/protocol/rows.js';
import { violations } from '../support/axe.js';
import { openBrowser, openPage } from '../support/browser.js';
import { program } from '../support/misconfigured.js';
import { KEPT, Netns, type Sysctls } from '../support/netns.js';
import { start } from '../support/process.js';
import { fileScope, testScope } from '../support/scope.js';
import { type Service, startService } from '../support/service.js';

const ADDRESS = '127.0.0.1';
const PORT = 5432;
const WITHIN = { timeout: 60_000 };
const CONNECTS = fileURLToPath(new URL('../programs/connects.py', import.meta.url));
const BINDS = fileURLToPath(new URL('../programs/bind-first.py', import.meta.url));
const NARROW = { ...KEPT, 'net.ipv4.ip_local_port_range': '40000 40149' };
/** More than anybody waits for. */
const COUNT = 1_000_000;

const VIEWPORTS = [
  { width: 1280, height: 720 },
  { width: 1440, height: 900 },
  { width: 1920, height: 1080 },
] as const;
const COLOURS = ['dark', 'light'] as const;

interface Plan {
  kind: IncidentRow['kind'];
  script: string;
  settings: Sysctls;
}

const PLANS: readonly Plan[] = [
  { kind: 'ports', script: 'checkout-importer.py', settings: NARROW },
  { kind: 'ports', script: 'orders-sync.py', settings: NARROW },
  { kind: 'bind-pool', script: 'bind-worker.py', settings: NARROW },
  { kind: 'refused', script: 'session-cache.py', settings: {} },
];
/** It has stopped when the others begin, and is over when all cases but the last are done. */
const ENDED = 'old-poller.py';

interface Staged extends Omit<Plan, 'settings'> {
  /** As the page says it; empty where it has none. */
  toward: string;
  netns: Netns;
  pid: number;
}

const scope = fileScope();
const browser = openBrowser(scope);
let service: Service;
const staged: Staged[] = [];

/** A script of its own name, which connects over and over. */
async function client(netns: Netns, file: string, script: string, ...words: string[]): Promise<number> {
  const path = join(scope.directory(), script);
  copyFileSync(file, path);
  const running = await start(scope, ['/usr/bin/python3', path, ...words], { netns });
  await running.printed(/ready/);
  running.write('\n');
  return running.pid;
}

const connects = (netns: Netns, script: string, count: number, to: string) =>
  client(netns, CONNECTS, script, '--count', String(count), '--per-second', '60', to);

async function stage({ kind, script }: Plan, netns: Netns): Promise<void> {
  if (kind !== 'refused') await program(scope, netns, 'never-first.mjs', ADDRESS, PORT);
  const to = `${ADDRESS}:${PORT}`;
  const pid =
    kind === 'bind-pool'
      ? await client(netns, BINDS, script, ADDRESS, String(PORT))
      : await connects(netns, script, COUNT, to);
  staged.push({ kind, script, netns, pid, toward: kind === 'bind-pool' ? '' : to });
}

const own = (rows: readonly IncidentRow[]) =>
  rows.filter((row) => staged.some(({ netns }) => netns.inode === row.netns) && row.state === 'open');
const rowOf = async ({ netns, kind }: Staged) =>
  (await service.snapshot('incidents')).rows.find((row) => row.netns === netns.inode && row.kind === kind);

beforeAll(async () => {
  const places = PLANS.map(({ settings }) => Netns.create(scope, settings));
  const quiet = Netns.create(scope);
  service = await startService(scope, '--filter', `netns:${quiet.name.replace(/\d+$/, '*')}`);
  const incidents = (await service.stream(scope)).subscribe('incidents', {});
  await connects(quiet, ENDED, 30, `${ADDRESS}:${PORT}`);
  await Promise.all(PLANS.map((plan, i) => stage(plan, places[i] as Netns)));
  const isTold = ({ kind, remedies, findings }: IncidentRow) =>
    findings.length > 0 && (kind === 'refused' || remedies.some(({ command }) => command !== null));
  const isThere = ({ netns, kind }: Staged, rows: IncidentRow[]) =>
    rows.some((row) => row.netns === netns.inode && row.kind === kind && isTold(row) && row.failed > 0);
  await incidents.until((rows) => staged.every((one) => isThere(one, own(rows))) || undefined, 110_000);
});

const card = (page: Page) => page.getByRole('region', { name: 'Incident' });
const tab = (page: Page, { script }: Staged) => card(page).getByRole('tab', { name: script });
const the = (script: string) => staged.find((one) => one.script === script) as Staged;
const shows = (page: Page, { script }: Staged) =>
  card(page).locator('.who .name').getByText(script, { exact: true });

/** Chosen from the list of all where it has no tab. */
async function show(page: Page, one: Staged): Promise<void> {
  await card(page).getByRole('tab').first().waitFor(WITHIN);
  if ((await tab(page, one).count()) > 0) await tab(page, one).click();
  else {
    await card(page).getByRole('button', { name: /^All / }).click();
    await page.getByRole('complementary').getByRole('button', { name: one.script }).click();
    await page.keyboard.press('Escape');
  }
  await shows(page, one).waitFor(WITHIN);
}

/** Of an element's text: is all of it within the viewport, and is it what one would click there? */
async function isInSight(element: Locator): Promise<boolean> {
  return element.evaluate((node) => {
    const { left, right, top, bottom, width, height } = node.getBoundingClientRect();
    const isInside = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
    const points = [0.02, 0.5, 0.98].map((share) => [left + width * share, top + height / 2] as const);
    const isFree = ([x, y]: readonly [number, number]) => {
      const hit = document.elementFromPoint(x, y);
      return hit !== null && (node.contains(hit) || hit.contains(node));
    };
    /* Cut off by a box around it. */
    let isCut = false;
    for (let box = node.parentElement; box !== null; box = box.parentElement) {
      if (getComputedStyle(box).overflow === 'visible') continue;
      const around = box.getBoundingClientRect();
      if (bottom > around.bottom + 1 || right > around.right + 1 || top < around.top - 1) isCut = true;
    }
    return width > 0 && height > 0 && isInside && !isCut && points.every(isFree);
  });
}

/** Of the cases that only look: what they change is what each of them sets first. */
const shared = (): Promise<{ page: Page; problems: string[] }> => {
  looking ??= openPage(scope, service.url, browser);
  return looking;
};
let looking: ReturnType<typeof shared> | undefined;

describe('what one must know is in sight without scrolling', () => {
  it.each(VIEWPORTS.flatMap((size) => COLOURS.map((colours) => ({ ...size, colours }))))(
    '$width × $height, $colours',
    async ({ width, height, colours }) => {
      const { page, problems } = await shared();
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: colours });
      for (const one of staged) {
        await show(page, one);
        await expectInSight(page, one);
      }
      await expectOrder(page);
      await expectWhole(page);
      expect(await page.evaluate(() => scrollY)).toBe(0);
      expect(await card(page).evaluate((box) => box.scrollHeight <= box.clientHeight)).toBe(true);
      expect(problems).toEqual([]);
    },
  );
});

/** Columns that nobody should have to scroll to. */
const NEEDED = ['Process', 'Destination', 'Ports held', 'Open/s', 'Fail/s', 'Last 60 s'];

/** The incident, then the timeline beside the port map, then budgets beside culprits, of which no column that matters is cut. */
async function expectOrder(page: Page): Promise<void> {
  const boxOf = async (name: string) => {
    const box = await page.getByRole('region', { name }).first().boundingBox();
    if (box === null) throw new Error(`${name} is not drawn`);
    return { top: box.y, left: box.x, right: box.x + box.width, bottom: box.y + box.height };
  };
  const [incident, timeline, map, budgets, culprits] = [
    await boxOf('Incident'),
    await boxOf('Timeline'),
    await boxOf('Port map'),
    await boxOf('Tightest port budgets'),
    await boxOf('Culprits'),
  ];
  expect([map.top, culprits.top]).toEqual([timeline.top, budgets.top]);
  expect([map.right, timeline.left]).toEqual([incident.right, incident.left]);
  expect(incident.bottom <= timeline.top && timeline.bottom <= budgets.top).toBe(true);
  expect(timeline.right <= map.left && budgets.right <= culprits.left).toBe(true);
  const headings = await page
    .locator('.culprits thead th')
    .evaluateAll((all) =>
      all.map((one) => ({ word: one.textContent, right: one.getBoundingClientRect().right })),
    );
  const isWhole = (wanted: string) =>
    headings.some(({ word, right }) => word === wanted && right > culprits.left && right <= culprits.right);
  expect(NEEDED.filter((wanted) => !isWhole(wanted))).toEqual([]);
  await expectBelow(page);
}

/** Tables that can be saved, each by a button of its panel. */
const SAVED = ['Port budgets', 'TCP flows', 'Failed connects'];

/** Rows are scrolled; of what stands beside them no button, box or list is cut by a box around it, nor its words by itself. */
async function expectWhole(page: Page): Promise<void> {
  const controls = await page.locator('main').evaluate((main) =>
    Array.from(main.querySelectorAll<HTMLElement>('button, select, input, summary'))
      .filter((one) => one.closest('table') === null && one.getBoundingClientRect().width > 0)
      .map((one) => {
        const own = one.getBoundingClientRect();
        let isCut = one.tagName === 'BUTTON' && one.scrollWidth > one.clientWidth;
        for (let box = one.parentElement; box !== null; box = box.parentElement) {
          if (getComputedStyle(box).overflow === 'visible') continue;
          const { top, bottom, left, right } = box.getBoundingClientRect();
          if (own.top < top || own.bottom > bottom || own.left < left || own.right > right) isCut = true;
        }
        return { name: one.ariaLabel ?? one.textContent ?? '', isCut };
      }),
  );
  const names = controls.map(({ name }) => name);
  expect(SAVED.filter((table) => !names.some((name) => name.startsWith(`Save as CSV: ${table}`)))).toEqual(
    [],
  );
  expect(controls.filter(({ isCut }) => isCut).map(({ name }) => name)).toEqual([]);
  /* The verdict's address: the name behind it gives way first. */
  expect(await page.locator('.verdict .named > .sr-only + span').evaluateAll(cutTexts)).toEqual([]);
  const known = page.locator('table .known');
  expect(await known.count()).toBeGreaterThan(0);
  expect(await known.evaluateAll(slivers)).toEqual([]);
}

/** Who listens behind an address: some letters of it at least, or nothing. */
const slivers = (all: Element[]) =>
  all.flatMap((address) => {
    const beside = address.lastElementChild as HTMLElement;
    const isDrawn = beside.getBoundingClientRect().top < address.getBoundingClientRect().bottom;
    return isDrawn && beside.clientWidth < Math.min(beside.scrollWidth, 40) ? [address.textContent] : [];
  });

const cutTexts = (all: Element[]) =>
  all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent);

/** From where a budget's ports are is not cut; failures have the room for their rows, and these for who the victim is, of which a larger screen shows the first. */
async function expectBelow(page: Page): Promise<void> {
  const sources = page.locator('.budgets .source');
  expect(await sources.count()).toBeGreaterThan(0);
  expect(await sources.evaluateAll(cutTexts)).toEqual([]);
  const failures = page.getByRole('region', { name: 'Failures' });
  expect(await failures.locator('.scroll').evaluate(({ clientHeight }) => clientHeight)).toBeGreaterThan(100);
  const names = failures.locator('tbody .name');
  expect(await names.count()).toBeGreaterThan(0);
  const narrow = (all: Element[]) => all.filter((one) => one.clientWidth < 60).map((one) => one.textContent);
  expect(await names.evaluateAll(narrow)).toEqual([]);
  const isLarge = (page.viewportSize()?.height ?? 0) >= 900;
  if (isLarge) expect(await isInSight(failures.locator('tbody tr').first().locator('.name'))).toBe(true);
}

/** Who, pid, destination, what is wanted of what is possible, and what has failed: each by its own box. */
async function expectInSight(page: Page, one: Staged): Promise<void> {
  const who = card(page).locator('.who');
  const [first, second] = [0, 1].map((at) => card(page).locator('.figures div').nth(at)) as [
    Locator,
    Locator,
  ];
  const parts: Locator[] = [
    shows(page, one),
    who.getByText(`python3 · ${one.pid}`),
    ...(one.toward === '' ? [] : [who.locator('.toward').getByText(one.toward, { exact: true })]),
    first.locator('b'),
    second.locator('b'),
    card(page).locator('.fix .advice').first(),
  ];
  if (one.kind !== 'refused') parts.push(card(page).getByRole('button', { name: 'Copy fix' }));
  for (const part of parts)
    expect([one.script, await part.textContent(), await isInSight(part)]).toEqual([
      one.script,
      expect.stringMatching(/\S/),
      true,
    ]);
  const row = await rowOf(one);
  if (one.kind === 'ports') {
    expect(await first.textContent()).toMatch(/[\d.]+\/s of [\d.]+\/s/);
    expect(row?.sustainablePerSec).not.toBeNull();
    expect(await first.textContent()).toContain(`of ${row?.sustainablePerSec?.toFixed(1)}/s`);
  }
  const failed = Number((await second.locator('b').textContent())?.replace(/\D/g, ''));
  expect(failed).toBeGreaterThan(0);
  expect(failed).toBeLessThanOrEqual((await rowOf(one))?.failed ?? 0);
}

it('has no accessibility violation with tabs and with everything open, in dark and light', async () => {
  const { page, problems } = await openPage(testScope(), service.url, browser);
  await show(page, the('orders-sync.py'));
  for (const colorScheme of COLOURS) {
    await page.emulateMedia({ colorScheme });
    await page.locator(`html[data-theme=${colorScheme}]`).waitFor();
    expect(await violations(page), colorScheme).toEqual([]);
    for (const name of ['Evidence and all remedies', /^All /]) {
      await card(page).getByRole('button', { name }).click();
      await page.getByRole('complementary').waitFor(WITHIN);
      expect(await violations(page), `${colorScheme} ${name}`).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('complementary').waitFor({ state: 'detached' });
    }
  }
  expect(problems).toEqual([]);
});

it('every button is large enough to be hit', async () => {
  const { page } = await shared();
  await show(page, the('orders-sync.py'));
  const small = await page.locator('button, summary, select, input, [role=tab]').evaluateAll((all) =>
    all
      .map((one) => [one.textContent, one.getBoundingClientRect()] as const)
      .filter(([, { width, height }]) => width > 0 && (width < 24 || height < 24))
      .map(([text]) => text),
  );
  expect(small).toEqual([]);
});

it('shows the same incident as long as pointer or focus rests on it, with figures that go on', async () => {
  const { page, problems } = await openPage(testScope(), service.url, browser);
  const shown = the('orders-sync.py');
  await show(page, shown);
  const failed = card(page).locator('.figures b').nth(1);
  const before = await failed.textContent();
  await card(page).locator('.figures').hover();
  const names = await card(page).getByRole('tab').allTextContents();
  await expect.poll(() => failed.textContent(), WITHIN).not.toBe(before);
  expect(await card(page).getByRole('tab').allTextContents()).toEqual(names);
  await shows(page, shown).waitFor();
  expect(problems).toEqual([]);
});

it('timeline and port map are about the incident that is chosen, and say where that is', async () => {
  const { page, problems } = await openPage(testScope(), service.url, browser);
  const timeline = page.getByRole('region', { name: 'Timeline' });
  for (const script of ['checkout-importer.py', 'orders-sync.py', 'checkout-importer.py']) {
    await show(page, the(script));
    await timeline.locator('.reading', { hasText: script }).waitFor(WITHIN);
    await page
      .getByRole('region', { name: 'Port map' })
      .locator('.legend', { hasText: script })
      .waitFor(WITHIN);
    const shown = timeline.getByLabel('What the timeline shows').locator('option:checked');
    expect(await shown.textContent()).toBe(`incident: ${ADDRESS}:${PORT} in ${the(script).netns.name}`);
  }
  expect(problems).toEqual([]);
});

it('tabs are walked by arrow keys, and say which one is shown', async () => {
  const { page } = await shared();
  const tabs = card(page).getByRole('tab');
  await tabs.first().waitFor(WITHIN);
  await tabs.first().click();
  await page.keyboard.press('ArrowRight');
  expect(await tabs.nth(1).getAttribute('aria-selected')).toBe('true');
  expect(await tabs.nth(1).evaluate((one) => one === document.activeElement)).toBe(true);
  const panel = await tabs.nth(1).getAttribute('aria-controls');
  expect(await page.locator(`#${panel}`).getAttribute('role')).toBe('tabpanel');
});

it('the details have every remedy, also what will not help and why, and the address leads there', async () => {
  const { page, problems } = await openPage(testScope(), service.url, browser);
  const one = the('checkout-importer.py');
  await show(page, one);
  await card(page).getByRole('button', { name: 'Evidence and all remedies' }).click();
  const drawer = page.getByRole('complementary');
  const remedies = (await rowOf(one))?.remedies ?? [];
  expect(remedies.length).toBeGreaterThan(1);
  for (const { text } of remedies) await drawer.getByText(text, { exact: true }).first().waitFor(WITHIN);
  for (const { reason } of remedies.filter(({ role }) => role === 'will-not-help'))
    await drawer.getByText(reason as string, { exact: false }).waitFor(WITHIN);
  await drawer.getByRole('heading', { name: 'Evidence' }).waitFor(WITHIN);
  const other = await openPage(testScope(), page.url(), browser);
  await other.page.getByRole('complementary').getByText(one.script).first().waitFor(WITHIN);
  expect([...problems, ...other.problems]).toEqual([]);
});

it('without a clipboard, as over plain HTTP, the text is selected and the button says so', async () => {
  const { page, problems } = await openPage(testScope(), 'about:blank', browser);
  await page.addInitScript(() => {
    Object.defineProperty(navigator, 'clipboard', { value: undefined });
    document.execCommand = () => false;
  });
  await page.goto(service.url);
  await show(page, the('checkout-importer.py'));
  for (const kind of ['primary', 'command', 'undo']) {
    const copyable = card(page).locator(`.copyable.${kind}`).first();
    await copyable.getByRole('button').click();
    await copyable.getByText('Selected: press Ctrl+C').waitFor(WITHIN);
    const selected = await page.evaluate(() => getSelection()?.toString());
    expect(selected?.trim()).toBe((await copyable.locator('code').textContent())?.trim());
  }
  expect(problems).toEqual([]);
});

it('the command that is copied mends this very incident and no other', async () => {
  const { page, problems } = await openPage(testScope(), service.url, browser);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const one = the('checkout-importer.py');
  const others = staged.filter(({ netns }) => netns !== one.netns);
  await show(page, one);
  await card(page)
    .getByRole('button', { name: /^Copy command/ })
    .click();
  await card(page).getByText('Copied').waitFor(WITHIN);
  const command = await page.evaluate(() => navigator.clipboard.readText());
  const settingsOf = ({ netns }: Staged) =>
    netns.exec('sysctl', 'net.ipv4.ip_local_port_range', 'net.ipv4.tcp_tw_reuse');
  const before = others.map(settingsOf);
  execSync(command, { stdio: 'ignore', shell: '/bin/sh' });
  expect(others.map(settingsOf)).toEqual(before);

  const incidents = (await service.stream(scope)).subscribe('incidents', {
    filter: `netns:${one.netns.inode}`,
  });
  await incidents.until(
    ([row]) => (row?.state !== 'open' && row?.changes.some(({ worked }) => worked === true)) || undefined,
    60_000,
  );
  await card(page).getByRole('button', { name: 'Evidence and all remedies' }).click();
  await page
    .getByRole('complementary')
    .getByText(/✓ worked/)
    .first()
    .waitFor(WITHIN);
  await page.keyboard.press('Escape');
  expect((await rowOf(the('orders-sync.py')))?.state).toBe('open');
  expect(problems).toEqual([]);
});

it('one that is over is folded away, and can be read', async () => {
  const { page, problems } = await openPage(testScope(), service.url, browser);
  await card(page)
    .getByRole('button', { name: /· 1 past/ })
    .click({ timeout: 90_000 });
  const drawer = page.getByRole('complementary');
  const past = drawer.getByRole('button', { name: `${ENDED} (python3` });
  expect(await past.isVisible()).toBe(false);
  await drawer.getByText('Past incidents (1)').click();
  await past.click();
  await drawer.getByText('✓ Over').waitFor(WITHIN);
  await card(page).locator('.who .name').getByText(ENDED).waitFor({ state: 'detached' });
  expect(problems).toEqual([]);
});
