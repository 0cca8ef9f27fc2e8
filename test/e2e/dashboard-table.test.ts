/**
 * The culprit table as a person uses it, in a real browser against the real service: sort, filter, group, open a row, trace it
 * live, pause, copy, go back, send somebody the link, all by keyboard; as accessible as axe-core can tell.
 */
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { violations } from '../support/axe.js';
import { openBrowser, openPage, shownRow } from '../support/browser.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { program } from '../support/misconfigured.js';
import { KEPT, Netns } from '../support/netns.js';
import { type Running, start } from '../support/process.js';
import { fileScope, testScope } from '../support/scope.js';
import { pythonScript } from '../support/script.js';
import { type Service, serviceOf } from '../support/service.js';

/** 500 ports, none of which is taken over: some seven seconds. */
const SETTINGS = { ...KEPT, 'net.ipv4.ip_local_port_range': '30000 30499' };
const SECONDS = 400;
const DESTINATIONS = 12;
const FLOWS = /TCP flows/;
const WITHIN = { timeout: 120_000 };

const HOSTILE = '<img src=x>';
const HOSTILE_ARGUMENT = '<img src=x onerror="document.title=1">\u202e\u0007';
/** Slow enough that its own TIME_WAIT entries never fill the range: without a port it would end. */
const HOSTILE_CODE = `import socket, time
open("/proc/self/comm", "w").write(${JSON.stringify(HOSTILE)})
while True:
    socket.create_connection(("127.0.0.1", 9000)).close()
    time.sleep(0.2)`;

/** One connection to itself, as long as it runs. */
const HOLDS = `import socket, sys
listener = socket.create_server(("127.0.0.1", 8099))
kept = socket.create_connection(("127.0.0.1", 8099))
print("ready", flush=True)
sys.stdin.read()`;

const scope = fileScope();
const browser = openBrowser(scope);
let netns: Netns;
let service: Service;
let bad: Running;
let hostile: Running;

beforeAll(async () => {
  netns = Netns.create(scope, SETTINGS);
  service = await serviceOf(scope, netns, '--interval', '500');
  await churnServer(scope, netns, ['0.0.0.0:9000'], { seconds: SECONDS });
  await churnClient(scope, netns, { to: '127.0.1.1:9000', spread: DESTINATIONS, rate: 24, seconds: SECONDS });
  await program(scope, netns, 'server.mjs', '127.0.0.1', 8080);
  bad = await program(scope, netns, 'agent-per-request.mjs', '127.0.0.1', 8080);
  hostile = await start(scope, [...pythonScript(scope, HOSTILE, HOSTILE_CODE), HOSTILE_ARGUMENT], { netns });
  const said = (await service.stream(scope)).subscribe('verdict');
  await said.until(([row]) => row?.level === 'critical', 90_000);
});

const outbound = () => `${service.url}?filter=dir:out`;
/** High enough for every row: of a long table only those in sight are in the document. */
const TALL = { width: 1440, height: 1600 };
const rows = (page: Page) => page.locator('.culprits tbody tr[aria-rowindex]');
const drawer = (page: Page) => page.locator('aside.drawer');
const row = (page: Page, text: string) => rows(page).filter({ hasText: text });
const focused = (page: Page) => page.evaluate(() => document.activeElement?.textContent ?? '');
const query = (page: Page) => new URL(page.url()).searchParams;
const press = async (page: Page, ...keys: string[]) => {
  for (const key of keys) await page.keyboard.press(key);
};
/** The column's texts, from top to bottom, as far as rows are drawn; of addresses without who listens there, which becomes known at some time. */
const column = (page: Page, name: string) =>
  page.locator('.culprits table').evaluate((table, wanted) => {
    const headings = Array.from(table.querySelectorAll('thead th'), (th) => th.textContent);
    const at = headings.findIndex((text) => text?.startsWith(wanted));
    const textOf = (cell: Element | undefined) =>
      (cell?.querySelector('.known > .address') ?? cell)?.textContent ?? '';
    return Array.from(table.querySelectorAll('tbody tr[aria-rowindex]'), (tr) => textOf(tr.children[at]));
  }, name);

const isDescending = (texts: string[]) => {
  const values = texts.map((text) => Number(text.replace(/[^\d.]/g, '')));
  return values.every((value, i) => i === 0 || value <= (values[i - 1] as number));
};

it('sorts, filters with errors at their column, groups; the address says it, Back undoes it, a link repeats it', async () => {
  const { page, problems } = await openPage(testScope(), outbound(), browser);
  await page.setViewportSize(TALL);
  await row(page, `agent-per-request.mjs node · ${bad.pid}`).waitFor(WITHIN);
  /* Who has used up its budget stands first, though others have more connections. */
  await expect.poll(() => rows(page).first().textContent(), WITHIN).toContain(String(bad.pid));
  await page.getByRole('button', { name: 'Ports held', exact: true }).click();
  await expect.poll(() => column(page, 'Ports held'), WITHIN).toSatisfy(isDescending);

  await page.getByRole('button', { name: 'Destination', exact: true }).click();
  await expect
    .poll(() => column(page, 'Destination'))
    .toSatisfy((all: string[]) => all.length > 9 && all.join() === all.toSorted().join());
  expect(await page.locator('.culprits [aria-sort=ascending]').textContent()).toBe('Destination');
  expect(query(page).get('sort')).toBe('destination.address');

  await press(page, '/');
  await page.keyboard.type('process:churngen nosuchkey:1');
  await page.locator('#filter-error', { hasText: '(column 18)' }).waitFor(WITHIN);
  expect(await page.locator('#filter').getAttribute('aria-invalid')).toBe('true');
  await page.locator('#filter').fill('process:churngen dir:out dst:127.0.1.0/24');
  await expect
    .poll(async () => new Set((await column(page, 'Process')).map((text) => text.split(' ')[0])))
    .toEqual(new Set(['churngen']));
  await expect.poll(() => query(page).get('filter')).toBe('process:churngen dir:out dst:127.0.1.0/24');
  // Letters in a field are letters.
  await page.locator('#filter').pressSequentially(' jkgo? c');
  expect([query(page).get('group'), await page.locator('dialog[open]').count()]).toEqual([null, 0]);
  await page.locator('#filter').fill('process:churngen dir:out dst:127.0.1.0/24');
  await expect.poll(() => query(page).get('filter')).toBe('process:churngen dir:out dst:127.0.1.0/24');

  await page.locator('.culprits .scroll').focus();
  await press(page, 'g');
  await page.getByRole('table', { name: /by program/ }).waitFor(WITHIN);
  expect(await rows(page).count()).toBe(1);
  expect(query(page).get('group')).toBe('program');

  const link = page.url();
  await page.goBack();
  await expect.poll(() => rows(page).count()).toBe(DESTINATIONS);
  expect(await page.locator('#filter').inputValue()).toBe('process:churngen dir:out dst:127.0.1.0/24');
  const other = await openPage(testScope(), link, browser);
  await other.page.getByRole('table', { name: /by program/ }).waitFor(WITHIN);
  expect([await rows(other.page).count(), await other.page.locator('#filter').inputValue()]).toEqual([
    1,
    'process:churngen dir:out dst:127.0.1.0/24',
  ]);
  expect([...problems, ...other.problems]).toEqual([]);
});

/** A trace is drawn as far as it is in sight; whoever has scrolled down reads lines that stand still, until he is back at the newest. */
async function expectStill(page: Page): Promise<void> {
  const section = page.locator('section', { has: page.locator('#trace-title') });
  const box = section.getByRole('group', { name: 'Live trace' });
  const seen = async () =>
    Number(
      /^([\d,]+) events/
        .exec((await section.textContent())?.replace('Live trace', '') ?? '')?.[1]
        ?.replace(',', ''),
    );
  const lines = () => box.locator('tbody:not([aria-hidden]) tr').allTextContents();
  const later = async (than: number) => expect.poll(seen, WITHIN).toBeGreaterThan(than);
  await expect.poll(() => box.evaluate(({ scrollHeight }) => scrollHeight), WITHIN).toBeGreaterThan(1_500);
  await box.evaluate((it) => it.scrollTo(0, 520));
  /* What is above and what is below is not drawn. */
  await expect.poll(() => box.locator('tbody[aria-hidden]').count(), WITHIN).toBe(2);
  const read = await lines();
  expect(read.length).toBeGreaterThan(9);
  expect(read.length).toBeLessThan(30);
  await later(await seen());
  expect(await lines()).toEqual(read);
  await box.evaluate((it) => it.scrollTo(0, 0));
  await later(await seen());
  await expect.poll(lines, WITHIN).not.toEqual(read);
}

it('opens a row with all about its process, traces it until it is closed, and gives the focus back', async () => {
  const { page, problems } = await openPage(testScope(), outbound(), browser);
  const sent: { type: string; sub: string; topic?: string }[] = [];
  page.on('websocket', (socket) =>
    socket.on('framesent', ({ payload }) => sent.push(JSON.parse(String(payload)))),
  );
  await page.reload();
  await row(page, `agent-per-request.mjs node · ${bad.pid}`).waitFor(WITHIN);

  await press(page, 'j');
  const first = await focused(page);
  await press(page, 'j');
  const second = await focused(page);
  expect(second).not.toBe(first);
  await press(page, 'k');
  expect(await focused(page)).toBe(first);
  await row(page, `agent-per-request.mjs node · ${bad.pid}`).getByRole('link').focus();
  await press(page, 'Enter');
  await drawer(page)
    .getByRole('heading', { name: `agent-per-request.mjs ${bad.pid} → 127.0.0.1:8080` })
    .waitFor(WITHIN);
  expect(await drawer(page).evaluate((box) => box.contains(document.activeElement))).toBe(true);
  expect(await page.locator('[aria-current=true]').textContent()).toContain(String(bad.pid));

  const about = drawer(page);
  await about.getByText('0 (root)').waitFor(WITHIN);
  expect(await about.locator('#who-title + .copyable code').textContent()).toContain(
    'agent-per-request.mjs 127.0.0.1 8080',
  );
  await about.getByText('new http.Agent({ keepAlive: true', { exact: false }).first().waitFor(WITHIN);
  await about
    .getByText(/connect\(\) 127\.0\.0\.1:8080( \(server\.mjs\))? EADDRNOTAVAIL · [\d,]+ times/)
    .waitFor(WITHIN);
  await about.getByRole('cell', { name: 'failed' }).first().waitFor(WITHIN);
  await about
    .getByText(/^EADDRNOTAVAIL: no free local port/)
    .first()
    .waitFor(WITHIN);

  await press(page, 't');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Live trace');
  await expectStill(page);

  // A copied link opens the same.
  const other = await openPage(testScope(), page.url(), browser);
  await drawer(other.page)
    .getByRole('heading', { name: `agent-per-request.mjs ${bad.pid} → 127.0.0.1:8080` })
    .waitFor(WITHIN);

  const trace = sent.find(({ topic }) => topic === 'events');
  await press(page, 'Escape');
  await drawer(page).waitFor({ state: 'detached' });
  expect(await focused(page)).toContain(String(bad.pid));
  const ended = () => sent.filter(({ type }) => type === 'unsubscribe').map(({ sub }) => sub);
  await expect.poll(ended, WITHIN).toContain(trace?.sub);
  expect(query(page).get('row')).toBeNull();
  await page.goBack();
  await drawer(page).waitFor(WITHIN);
  expect([...problems, ...other.problems]).toEqual([]);
});

it('pauses honestly and keeps an order that was frozen', async () => {
  const { page, problems } = await openPage(testScope(), outbound(), browser);
  await page.setViewportSize(TALL);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const own = (text: string) => shownRow(page, FLOWS, (it) => (it.Process ?? '').startsWith(text));
  const opened = async () => Number((await own(HOSTILE)).Opened?.replaceAll(',', ''));
  await own(HOSTILE);

  await press(page, ' ');
  const before = await opened();
  await (await churnClient(testScope(), netns, { to: '127.0.0.1:1', count: 3 })).done();
  await page.getByText(/PAUSED 0:0\d · live data continues · [1-9][\d,]* new failures/).waitFor(WITHIN);
  /* New failures may be those of the very tick whose flows the page shows: the next tick has more. */
  const live = async () => (await service.flows({ filter: `pid:${hostile.pid}` }))[0]?.opened ?? 0;
  await expect.poll(live, WITHIN).toBeGreaterThan(before);
  expect(await opened()).toBe(before);
  await press(page, ' ');
  await expect.poll(opened).toBeGreaterThan(before);
  await row(page, '127.0.0.1:1').waitFor(WITHIN);

  await press(page, 'o');
  await page.getByRole('button', { name: 'Freeze order', pressed: true }).waitFor(WITHIN);
  const order = await column(page, 'Destination');
  const count = () => page.getByRole('table', { name: FLOWS }).getAttribute('aria-rowcount').then(Number);
  const known = await count();
  /* Long enough that who listens there becomes known. */
  await (await churnClient(testScope(), netns, { to: '127.0.9.9:9000', count: 450, rate: 100 })).done();
  await expect.poll(count, WITHIN).toBe(known + 1);
  expect(await column(page, 'Destination')).toEqual([...order, '127.0.9.9:9000']);
  await press(page, 'o');
  const top = async () => (await column(page, 'Destination')).slice(0, 2);
  await expect.poll(top, WITHIN).toContain('127.0.9.9:9000');
  await row(page, '127.0.9.9:9000 → churngen').waitFor(WITHIN);

  await press(page, ' ', 'c');
  const command = (await page.locator('.incident .command code').first().textContent()) ?? '';
  expect(command).toMatch(/^nsenter --net="\$\(find .*\)" sysctl -w net\.ipv4\./);
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(command);
  expect(problems).toEqual([]);
});

it('greys a row that has left in its place while the order is held, and lets it go after five seconds', async () => {
  const holder = await start(testScope(), ['/usr/bin/python3', '-c', HOLDS], { netns });
  await holder.printed(/ready/);
  const filter = encodeURIComponent(`pid:${holder.pid} dir:out established:>0`);
  const { page, problems } = await openPage(testScope(), `${service.url}?filter=${filter}`, browser);
  await row(page, '127.0.0.1:8099').waitFor(WITHIN);
  await press(page, 'o');
  await page.getByRole('button', { name: 'Freeze order', pressed: true }).waitFor(WITHIN);
  await holder.stop();
  const ghost = page.locator('.culprits tr.gone', { hasText: '127.0.0.1:8099' });
  await ghost.waitFor(WITHIN);
  await ghost.waitFor({ state: 'detached', ...WITHIN });
  expect(await rows(page).count()).toBe(0);
  expect(problems).toEqual([]);
});

it('has no accessibility violation in light and dark, with a row open or the keys; and hostile names are text', async () => {
  const filter = encodeURIComponent(`pid:${hostile.pid}`);
  const { page, problems } = await openPage(testScope(), `${service.url}?filter=${filter}`, browser);
  await row(page, HOSTILE).getByText(HOSTILE).click();
  await drawer(page)
    .getByRole('heading', { name: `${HOSTILE} ${hostile.pid}` })
    .waitFor(WITHIN);
  await drawer(page)
    .getByText('<img src=x onerror="document.title=1">\\u202e\\u0007', { exact: false })
    .first()
    .waitFor(WITHIN);
  await drawer(page).getByRole('cell', { name: 'closed' }).first().waitFor(WITHIN);
  await drawer(page)
    .getByRole('img', { name: /^Lifetimes: \d/ })
    .waitFor(WITHIN);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.locator(`html[data-theme=${colorScheme}]`).waitFor();
    expect(await violations(page), `${colorScheme}, row open`).toEqual([]);
    await press(page, '?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    expect(await violations(page), `${colorScheme}, keys shown`).toEqual([]);
    await press(page, 'Escape');
    await press(page, ' ');
    expect(await violations(page), `${colorScheme}, paused`).toEqual([]);
    await press(page, ' ');
  }
  await page.getByRole('button', { name: 'Theme: system' }).click();
  await page.locator('html[data-theme=light]').waitFor();
  await page.reload();
  await page.locator('html[data-theme=light]').waitFor();
  expect(await page.locator('img').count()).toBe(0);
  expect(await page.title()).not.toBe('1');
  expect(problems).toEqual([]);
});
