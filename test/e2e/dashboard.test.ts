/**
 * An incident as the page tells it, in a real browser against the real service: calm, a warning with countdown, out of ports
 * with culprit, victim and fix, and recovered once what the page says to do was done.
 */
import { execSync } from 'node:child_process';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { violations } from '../support/axe.js';
import { openPage, shownRow } from '../support/browser.js';
import { program } from '../support/misconfigured.js';
import { Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { testScope } from '../support/scope.js';
import { serviceOf } from '../support/service.js';

const ADDRESS = '127.0.0.1';
/** 1,000 ports, none of which is taken over: some fifteen seconds. */
const SETTINGS = { 'net.ipv4.tcp_tw_reuse': 0, 'net.ipv4.ip_local_port_range': '30000 30999' };
const WITHIN = { timeout: 60_000 };

const verdict = (page: Page) => page.getByRole('region', { name: 'Verdict' });
const diagnosis = (page: Page) => page.getByRole('region', { name: 'Diagnosis' });

it('tells an incident from calm to recovered, with culprit, victim and fix', async () => {
  const scope = testScope();
  const netns = Netns.create(scope, SETTINGS);
  const service = await serviceOf(scope, netns);
  await program(scope, netns, 'server.mjs', ADDRESS, 8080);
  const { page, problems } = await openPage(scope, service.url);
  await verdict(page).getByText('Ports are fine.').waitFor(WITHIN);
  await diagnosis(page).getByText('Nothing to act on.').waitFor(WITHIN);
  const calmIcon = await page.locator('link[rel=icon]').getAttribute('href');

  const bad = await program(scope, netns, 'agent-per-request.mjs', ADDRESS, 8080);
  const who = `node (pid ${bad.pid})`;
  await verdict(page)
    .getByText(`At this rate ${who} runs out of ports to ${ADDRESS}:8080 in`)
    .waitFor(WITHIN);
  await verdict(page).getByText(`Out of ports to ${ADDRESS}:8080.`).waitFor(WITHIN);
  expect(await page.title()).toMatch(/^✗ Out of ports to 127\.0\.0\.1:8080/);
  expect(await page.locator('link[rel=icon]').getAttribute('href')).not.toBe(calmIcon);

  await diagnosis(page).getByText(`${who} opens a new connection`, { exact: false }).first().waitFor(WITHIN);
  const fix = diagnosis(page).getByText('new http.Agent({ keepAlive: true', { exact: false });
  expect(await fix.count()).toBe(1);
  const victim = await shownRow(page, /Failed connects/, (row) => (row.Victim ?? '').includes(`${bad.pid}`));
  expect(victim).toMatchObject({ 'What happens': 'no free local port for this destination' });
  expect(victim['Ports held by']).toContain(`node ${bad.pid}`);

  const [doNow] = await diagnosis(page).locator('.remedy code').allTextContents();
  expect(doNow).toMatch(/^nsenter -t \d+ -n sysctl -w net\.ipv4\.tcp_tw_reuse="1"$/);
  execSync(doNow as string, { stdio: 'ignore' });
  await bad.stop();
  await program(scope, netns, 'one-agent.mjs', ADDRESS, 8080);
  await verdict(page).getByText('Recovered at').waitFor(WITHIN);
  await diagnosis(page)
    .getByText('Critical')
    .waitFor({ ...WITHIN, state: 'hidden' });
  expect(problems).toEqual([]);
});

it('says what it cannot answer, and the fix, above everything else', async () => {
  const scope = testScope();
  const service = await serviceOf(scope, Netns.create(scope), '--portable-verdict');
  const { page, problems } = await openPage(scope, service.url);
  const notice = page.locator('.notice', { hasText: 'Portable verdict: ' });
  await notice.waitFor(WITHIN);
  expect(await notice.textContent()).toContain('Start without --portable-verdict.');
  expect(await violations(page)).toEqual([]);
  await page.getByText('eBPF, portable verdict').waitFor(WITHIN);
  expect(problems).toEqual([]);
});

it('shows what other processes are called as text, whatever that is', async () => {
  const scope = testScope();
  const netns = Netns.create(scope);
  const service = await serviceOf(scope, netns);
  await program(scope, netns, 'server.mjs', ADDRESS, 8080);
  const { page, problems } = await openPage(scope, service.url);
  const comm = '<img src=x>';
  const code = `import socket, sys
open("/proc/self/comm", "w").write(${JSON.stringify(comm)})
kept = [socket.create_connection(("${ADDRESS}", 8080)) for _ in range(3)]
sys.stdin.read()`;
  await start(scope, ['/usr/bin/python3', '-c', code, '<img src=x onerror="document.title=1">'], { netns });
  await shownRow(page, /TCP flows/, (row) => (row.Process ?? '').startsWith(comm));
  expect(await page.locator('img').count()).toBe(0);
  expect(await page.title()).not.toBe('1');
  expect(problems).toEqual([]);
});
