/**
 * What one does with the page in an incident: try a change and make it, look at one namespace, send a link, save and print. One scene, one
 * service, one browser: two namespaces, one of them short of ports. Real Chromium, real service.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import type { BudgetRow } from '../../src/protocol/rows.js';
import { violations } from '../support/axe.js';
import { openBrowser, openPage } from '../support/browser.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { KEPT, Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { fileScope } from '../support/scope.js';
import { pythonScript } from '../support/script.js';
import { type Service, startService } from '../support/service.js';

const TO = '127.0.0.1:9000';
const RANGE = 'net.ipv4.ip_local_port_range';
const SECONDS = 600;
/** Its calls fail, which is told of the other namespace alone. */
const REFUSED = `import socket, time
while True:
    socket.socket().connect_ex(("127.0.0.1", 9))
    time.sleep(0.2)`;
const WITHIN = { timeout: 30_000 };

const scope = fileScope();
let short: Netns;
let other: Netns;
let service: Service;
let browser: Browser;
let budget: BudgetRow;
let page: Page;
let problems: string[];

const region = (name: string) => page.getByRole('region', { name });
const whatIf = () => page.locator('section.whatif');
const copied = () => page.evaluate(() => navigator.clipboard.readText());

beforeAll(async () => {
  short = Netns.create(scope, { ...KEPT, [RANGE]: '30000 30299' });
  other = Netns.create(scope, { ...KEPT, [RANGE]: '30000 30999' });
  /* Of the whole machine there may be more rows than are in sight. */
  service = await startService(scope, '--filter', `netns:${short.name.replace(/\d+$/, '*')}`);
  browser = await openBrowser(scope);
  for (const netns of [short, other]) await churnServer(scope, netns, [TO]);
  await churnClient(scope, short, { to: TO, close: 'client', rate: 20, seconds: SECONDS });
  await churnClient(scope, other, { to: TO, close: 'client', rate: 5, seconds: SECONDS });
  await start(scope, pythonScript(scope, 'lonely', REFUSED), { netns: other });
  const budgets = (await service.stream(scope)).subscribe('budgets', { filter: `netns:${short.inode}` });
  budget = await budgets.until((rows) => rows.find(({ used }) => (used ?? 0) > 200), 60_000);
  ({ page, problems } = await openPage(scope, `${service.url}?netns=${short.inode}`, browser));
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
}, 120_000);

it('is about the one namespace of its address, and about all again', async () => {
  await page.getByRole('status').getByText('Only namespace').waitFor(WITHIN);
  const sources = page.getByRole('table', { name: /^Port budgets/ }).locator('tbody a.netns');
  await expect.poll(() => sources.count(), WITHIN).toBe(1);
  /* Both namespaces have the same programs. Of what the kernel hid nobody may be the owner: a row without a name. */
  const people = page.getByRole('table', { name: /^TCP flows/ }).locator('tbody th');
  const named = people.filter({ hasText: 'churngen' });
  await expect.poll(() => named.count(), WITHIN).toBe(2);
  await page.getByRole('button', { name: 'Show all' }).click();
  await expect.poll(() => sources.count(), WITHIN).toBeGreaterThan(1);
  await people.filter({ hasText: 'lonely' }).waitFor(WITHIN);
  const told = region('Event log').locator('li', { hasText: 'lonely' });
  await told.first().waitFor(WITHIN);
  const totals = page.getByRole('table', { name: /^Totals per/ });
  await totals.locator(`a[href*="netns=${budget.netnsId}"]`).click();
  await expect.poll(() => sources.count(), WITHIN).toBe(1);
  await expect.poll(() => named.count(), WITHIN).toBe(2);
  await expect.poll(() => people.filter({ hasText: 'lonely' }).count(), WITHIN).toBe(0);
  expect(await told.count()).toBe(0);
  expect(new URL(page.url()).searchParams.get('netns')).toBe(budget.netnsId);
});

it('a link shows another reader the same: namespace, budget, span', async () => {
  const timeline = region('Timeline');
  await timeline.getByLabel('What the timeline shows').selectOption(`key ${budget.key}`, WITHIN);
  await page.locator('body').press('+');
  await timeline.getByRole('button', { name: 'Live again' }).waitFor(WITHIN);
  const said = () => timeline.locator('header .count').textContent();
  const span = await said();
  const second = await openPage(scope, page.url(), browser);
  const theirs = second.page.getByRole('region', { name: 'Timeline' });
  await theirs.getByRole('button', { name: 'Live again' }).waitFor(WITHIN);
  expect(await theirs.locator('header .count').textContent()).toBe(span);
  expect(await theirs.getByLabel('What the timeline shows').inputValue()).toBe(`key ${budget.key}`);
  await second.page.getByRole('status').getByText('Only namespace').waitFor(WITHIN);
  await timeline.getByRole('button', { name: 'Live again' }).click();
});

it('the filter lets go of the keyboard: Enter to the first row, Esc to the table', async () => {
  const box = page.getByRole('searchbox', { name: 'Filter' });
  await page.locator('body').press('/');
  await page.keyboard.type('dir:out');
  await page.keyboard.press('Enter');
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.matches('.culprits a.open')), WITHIN)
    .toBe(true);
  await page.keyboard.press('/');
  await page.keyboard.type('nosuch:1');
  await page.keyboard.press('Escape');
  await page.getByText(/^"nosuch" is no key/).waitFor(WITHIN);
  await page.keyboard.press('o');
  expect(await box.inputValue()).toBe('nosuch:1');
  await page.keyboard.press('o');
  await page.keyboard.press('/');
  await page.keyboard.press('Delete');
  await page.keyboard.press('Escape');
});

it('a table is saved as CSV, as it is shown', async () => {
  const waiting = page.waitForEvent('download', WITHIN);
  await page.getByRole('button', { name: /^Save as CSV: TCP flows/ }).click();
  const file = await (await waiting).path();
  const [head, ...rows] = readFileSync(file, 'utf8').trim().split('\r\n');
  expect(head).toMatch(/^Process,Destination,.*Ports held,/);
  expect(rows.some((row) => row.startsWith('churngen') && row.includes(TO))).toBe(true);
});

it('on paper every table is whole, and what only a hand can use is left out', async () => {
  await page.emulateMedia({ media: 'print' });
  await expect
    .poll(() => page.locator('.screen').evaluate((box) => getComputedStyle(box).display))
    .toBe('block');
  const hidden = await page
    .locator('.scroll')
    .evaluateAll((boxes) =>
      boxes
        .filter((box) => box.clientHeight > 0 && box.scrollHeight > box.clientHeight + 1)
        .map((box) => box.className),
    );
  expect(hidden).toEqual([]);
  expect(await page.getByRole('button', { name: 'Pause' }).isVisible()).toBe(false);
  expect((await page.pdf()).length).toBeGreaterThan(10_000);
  await page.emulateMedia({ media: null });
});

it('an incident is copied as Markdown, from a link to it', async () => {
  const incidents = (await service.stream(scope)).subscribe('incidents', { filter: `netns:${short.inode}` });
  const { key, title } = await incidents.until((rows) => rows.find(({ kind }) => kind === 'ports'), 60_000);
  await page.goto(`${page.url()}&incident=${encodeURIComponent(key)}`);
  await page.getByRole('button', { name: 'Copy as Markdown' }).click(WITHIN);
  await page.getByRole('button', { name: 'Copied' }).waitFor(WITHIN);
  const text = await copied();
  expect(text).toContain(title.split(' ')[0]);
  expect(text).toMatch(/^## .*\n\n- critical, open, since [\s\S]*\*\*Who holds the ports\*\*\n\n- churngen/);
  await page.keyboard.press('Escape');
});

it('what-if shows what a change would do, and its command does that to this namespace alone', async () => {
  await page.getByRole('button', { name: 'What if…' }).click();
  await whatIf()
    .getByText(/^Now: 300 ports/)
    .waitFor(WITHIN);
  const slide = async (name: string, value: string) => whatIf().getByRole('slider', { name }).fill(value);
  await slide('Pooled connections', '90');
  await whatIf()
    .getByText(/with 90 % of connections reused|With 90 % of connections reused/)
    .waitFor(WITHIN);
  await whatIf().getByRole('button', { name: 'As it is' }).click();
  await slide('Port range to', '34000');
  await whatIf()
    .getByText(/never runs out at this rate: settles at 1,[12]\d\d/)
    .waitFor(WITHIN);
  await whatIf().getByRole('button', { name: 'Copy: the command' }).waitFor(WITHIN);
  expect(await violations(page)).toEqual([]);
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/whatif.png` });
  await whatIf().getByRole('button', { name: 'Copy: the command' }).click();
  const command = await copied();
  await whatIf().getByRole('button', { name: 'Copy: what takes it back' }).click();
  const undo = await copied();

  execFileSync('sh', ['-c', command], { stdio: 'pipe' });
  const ranges = () => [short, other].map((netns) => netns.exec('sysctl', '-n', RANGE).trim());
  expect(ranges()).toEqual(['30000\t34000', '30000\t30999']);
  await whatIf()
    .getByText(/^Since the command was copied: measured and forecast are \d+ ports apart/)
    .waitFor(WITHIN);
  await whatIf()
    .getByText(/^Now: 4,001 ports/)
    .waitFor(WITHIN);
  await expect
    .poll(() => page.locator('#ports-chart-summary').textContent(), WITHIN)
    .toMatch(/Forecast for now, with the change that was copied: [\d,]+\./);
  await region('Timeline').locator('.reading.of-forecast-kept').waitFor(WITHIN);
  const budgets = (await service.stream(scope)).subscribe('budgets', { filter: `netns:${short.inode}` });
  await budgets.until((rows) => rows.find(({ used }) => (used ?? 0) > 400), 60_000);
  const apart = await whatIf()
    .getByText(/ports apart on average/)
    .textContent();
  expect(Number(/are (\d+) ports/.exec(apart ?? '')?.[1])).toBeLessThan(100);
  execFileSync('sh', ['-c', undo], { stdio: 'pipe' });
  expect(ranges()[0]).toBe('30000\t30299');
  await page.keyboard.press('Escape');
  await whatIf().waitFor({ state: 'detached' });
  expect(problems).toEqual([]);
});
