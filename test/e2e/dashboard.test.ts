/**
 * An incident as the page tells it, in a real browser against the real service: calm, a warning with countdown, out of ports
 * with culprit, victim and fix, and recovered once what the page says to do was done.
 */
import { execSync } from 'node:child_process';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { violations } from '../support/axe.js';
import { openBrowser, openPage, shownRow } from '../support/browser.js';
import { program } from '../support/misconfigured.js';
import { KEPT, Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { fileScope } from '../support/scope.js';
import { pythonScript } from '../support/script.js';
import { type Service, serviceOf } from '../support/service.js';
import { type RedPart, redParts } from './colours.js';

const ADDRESS = '127.0.0.1';
/** 1,000 ports, none of which is taken over: some fifteen seconds. */
const SETTINGS = { ...KEPT, 'net.ipv4.ip_local_port_range': '30000 30999' };
const WITHIN = { timeout: 120_000 };

/** The tests wait at the same time: the incident has a namespace and a service of its own, the others share one that only looks. */
const scope = fileScope();
const browser = openBrowser(scope);
const netns = Netns.create(scope, SETTINGS);
const other = Netns.create(scope);
let service: Service;
let portable: Service;

beforeAll(async () => {
  service = await serviceOf(scope, netns);
  portable = await serviceOf(scope, other, '--portable-verdict');
});

const verdict = (page: Page) => page.getByRole('region', { name: 'Verdict' });
/** What is said of the place, before and after it is known who listens there. */
const sentence = (before: string, after: string) => {
  const [first, last] = [before, after].map((text) => text.replace(/[.()]/g, '\\$&'));
  return new RegExp(`${first} 127\\.0\\.0\\.1:8080( \\(server\\.mjs\\))?${last}`);
};
const card = (page: Page) => page.getByRole('region', { name: 'Incident' });

/** Writes down what a screen reader is told of the verdict from now on. */
const listen = (page: Page) =>
  page.evaluate(() => {
    const told: string[] = [];
    const region = document.querySelector('p[role="status"].sr-only') as HTMLElement;
    new MutationObserver(() => told.push(region.textContent)).observe(region, {
      childList: true,
      characterData: true,
      subtree: true,
    });
    Object.assign(window, { told });
  });
/** Writes down which animation the count of failures has whenever a failure of a new kind comes. */
const watchFlashes = (page: Page) =>
  page.evaluate(() => {
    const flashes: string[] = [];
    const panel = document.querySelector('section.failures') as HTMLElement;
    new MutationObserver(() => {
      const count = panel.querySelector('.count.flash');
      if (count !== null) flashes.push(getComputedStyle(count).animationName);
    }).observe(panel, { subtree: true, childList: true, attributes: true });
    Object.assign(window, { flashes });
  });

/** Where red is while ports are out: what says so, and who is concerned; below the first screen it may be, too. */
const BELOW = ['Namespaces', 'Who holds whose ports'];
const BROKEN = ['Verdict', 'Incident', 'Tightest port budgets', 'Culprits', 'Failures', 'Timeline'];

/** Before the first budget the timeline is of the whole machine, and other tests on it fail: those have a mark in its legend. */
const isOurs = ({ region, what }: RedPart) => region !== 'Timeline' || !what.includes('of-failure-');

/** The level of each sentence: figures change all the time, and nobody could listen to that. */
const heard = async (page: Page) =>
  (await page.evaluate(() => (window as unknown as { told: string[] }).told)).map(
    (text) => text.split(':')[0],
  );

it.concurrent('tells an incident from calm to recovered, with culprit, victim and fix', async ({
  expect,
}) => {
  await program(scope, netns, 'server.mjs', ADDRESS, 8080);
  const { page, problems } = await openPage(scope, service.url, browser);
  await verdict(page).getByText('Ports are fine.').waitFor(WITHIN);
  await card(page).getByText('Nothing to act on').waitFor(WITHIN);
  await listen(page);
  await watchFlashes(page);
  expect((await redParts(page)).filter(isOurs)).toEqual([]);
  const calmIcon = await page.locator('link[rel=icon]').getAttribute('href');

  const warned = redParts(page, '.verdict.warn');
  const bad = await program(scope, netns, 'agent-per-request.mjs', ADDRESS, 8080);
  const who = `agent-per-request.mjs (pid ${bad.pid})`;
  await verdict(page)
    .getByText(sentence(`At this rate ${who} runs out of ports to`, ' in'))
    .waitFor(WITHIN);
  expect((await warned).filter(isOurs)).toEqual([]);
  await verdict(page).getByText(sentence('Out of ports to', '.')).waitFor(WITHIN);
  expect(await page.title()).toMatch(/^✗ Out of ports to 127\.0\.0\.1:8080/);
  expect(await page.locator('link[rel=icon]').getAttribute('href')).not.toBe(calmIcon);

  const blame = `agent-per-request.mjs node · ${bad.pid} has used up the ports to ${ADDRESS}:8080`;
  await card(page).getByRole('heading', { name: blame }).waitFor(WITHIN);
  const fix = card(page).getByText('new http.Agent({ keepAlive: true', { exact: false });
  await fix.waitFor(WITHIN);
  const victim = await shownRow(page, /Failed connects/, (row) => (row.Victim ?? '').includes(`${bad.pid}`));
  expect(victim).toMatchObject({ 'What happens': 'no free local port for this destination' });
  expect(victim['Ports held by']).toContain(`agent-per-request.mjs ${bad.pid}`);

  expect(await page.evaluate(() => (window as unknown as { flashes: string[] }).flashes)).toContain('flash');
  const broken = async () => [...new Set((await redParts(page)).map(({ region }) => region))];
  expect((await broken()).filter((region) => ![...BROKEN, ...BELOW].includes(region))).toEqual([]);
  /* Rows are drawn some frames later, and not all with the same figures. */
  await expect
    .poll(async () => {
      const now = await broken();
      return BROKEN.filter((region) => !now.includes(region));
    }, WITHIN)
    .toEqual([]);

  const [doNow] = await card(page).locator('.command code').allTextContents();
  expect(doNow).toMatch(/^nsenter --net="\$\(find .*\)" sysctl -w net\.ipv4\.tcp_tw_reuse="1"$/);
  execSync(doNow as string, { stdio: 'ignore' });
  await bad.stop();
  await program(scope, netns, 'one-agent.mjs', ADDRESS, 8080);
  await verdict(page).getByText('Recovered at').waitFor(WITHIN);
  await card(page)
    .getByText('Critical')
    .waitFor({ ...WITHIN, state: 'hidden' });
  const levels = await heard(page);
  expect(levels).toEqual(expect.arrayContaining(['Critical', 'Recovered']));
  expect(levels.filter((level, i) => level === levels[i - 1])).toEqual([]);
  /* The timeline shows when calls failed. */
  const isNow = ({ region }: RedPart) => region !== 'Timeline';
  await expect.poll(async () => (await redParts(page)).filter(isNow), WITHIN).toEqual([]);
  expect(problems).toEqual([]);
});

it.concurrent('says what it cannot answer in a word, and the fix behind it', async () => {
  const { page, problems } = await openPage(scope, portable.url, browser);
  const chip = page.locator('.limits');
  /* A slow machine can have limits of its own beside this one. */
  await chip.getByText(/^◐ \d+ limits?/).click(WITHIN);
  const notice = chip.getByRole('listitem').filter({ hasText: 'Portable verdict: ' });
  await notice.waitFor(WITHIN);
  expect(await notice.textContent()).toContain('Start without --portable-verdict.');
  expect(await violations(page)).toEqual([]);
  await page.getByText('eBPF, portable verdict').waitFor(WITHIN);
  expect(problems).toEqual([]);
});

it.concurrent('shows what other processes are called as text, whatever that is', async () => {
  await program(scope, other, 'server.mjs', ADDRESS, 8080);
  const { page, problems } = await openPage(scope, portable.url, browser);
  const name = '<img src=x>';
  const code = `import socket, sys
open("/proc/self/comm", "w").write(${JSON.stringify(name)})
kept = [socket.create_connection(("${ADDRESS}", 8080)) for _ in range(3)]
sys.stdin.read()`;
  const words = [...pythonScript(scope, name, code), '<img src=x onerror="document.title=1">'];
  await start(scope, words, { netns: other });
  await shownRow(page, /TCP flows/, (row) => (row.Process ?? '').startsWith(`${name} python3 · `));
  expect(await page.locator('img').count()).toBe(0);
  expect(await page.title()).not.toBe('1');
  expect(problems).toEqual([]);
});
