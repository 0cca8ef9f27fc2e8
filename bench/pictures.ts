/**
 * The pictures of docs/screenshots anew, dark and light: the demo from its calm to its end, and four incidents at once. Out: files, one line for
 * each.
 */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { openPage } from '../test/support/browser.js';
import { program } from '../test/support/misconfigured.js';
import { Netns } from '../test/support/netns.js';
import { start } from '../test/support/process.js';
import { Scope } from '../test/support/scope.js';
import { ROOT, type Service, startService } from '../test/support/service.js';
import { pause } from './lib/wait.js';

const FOLDER = fileURLToPath(new URL('../docs/screenshots/', import.meta.url));
const CONNECTS = fileURLToPath(new URL('../test/programs/connects.py', import.meta.url));
const WITHIN = { timeout: 150_000 };
const SECONDS = 600;

export async function pictures(quick: boolean): Promise<void> {
  await within(many);
  if (!quick) await within(demo);
}

async function within(scene: (scope: Scope) => Promise<void>): Promise<void> {
  const scope = new Scope();
  try {
    await scene(scope);
  } finally {
    await scope.end();
  }
}

const card = (page: Page) => page.getByRole('region', { name: 'Incident' });

async function demo(scope: Scope): Promise<void> {
  const service = await startService(scope);
  /* Opened before: calm lasts some seconds only. */
  const page = await open(scope, service, '');
  const words = ['bin/portchurn.js', 'demo', '--seconds', String(SECONDS), '--connect', service.url];
  const running = await start(scope, [process.execPath, ...words], { cwd: ROOT });
  const [, netns] = await running.printed(/inode (\d+)/);
  await page.goto(`${service.url}?netns=${netns}`);
  await page.getByRole('region', { name: 'Verdict' }).getByText('Ports are fine').waitFor(WITHIN);
  await page.locator('.budgets .address').first().waitFor(WITHIN);
  await take(page, 'calm');
  await running.printed(/Press Enter/);
  await card(page).getByText('Warning').first().waitFor(WITHIN);
  await take(page, 'warning');
  await card(page).getByText('calls failed').waitFor(WITHIN);
  await pause(10_000);
  await take(page, 'exhausted');
  running.write('\n');
  await card(page).getByText('Nothing fails now').waitFor(WITHIN);
  await take(page, 'over');
}

const NARROW = { 'net.ipv4.tcp_tw_reuse': 0, 'net.ipv4.ip_local_port_range': '40000 40499' };
const CLIENTS = [
  { script: 'checkout-importer.py', settings: NARROW, perSecond: 90 },
  { script: 'orders-sync.py', settings: NARROW, perSecond: 60 },
  { script: 'mailer.py', settings: NARROW, perSecond: 40 },
  { script: 'session-cache.py', settings: {}, perSecond: 20 },
] as const;

/** Three short of ports, and one that is refused. */
async function many(scope: Scope): Promise<void> {
  const places = CLIENTS.map(({ settings }) => Netns.create(scope, settings));
  const service = await startService(scope, '--filter', `netns:${places[0]?.name.replace(/\d+$/, '*')}`);
  for (const [at, { script, settings, perSecond }] of CLIENTS.entries()) {
    const netns = places[at] as Netns;
    if (settings === NARROW) await program(scope, netns, 'never-first.mjs', '127.0.0.1', 5432);
    const path = join(scope.directory(), script);
    copyFileSync(CONNECTS, path);
    const flags = ['--count', '1000000', '--per-second', String(perSecond), '127.0.0.1:5432'];
    const client = await start(scope, ['/usr/bin/python3', path, ...flags], { netns });
    await client.printed(/ready/);
    client.write('\n');
  }
  const page = await open(scope, service, '');
  await card(page)
    .getByRole('tab')
    .nth(CLIENTS.length - 1)
    .waitFor(WITHIN);
  await page.getByText('EADDRNOTAVAIL').first().waitFor(WITHIN);
  await pause(10_000);
  await take(page, 'many');
}

async function open(scope: Scope, { url }: Service, query: string): Promise<Page> {
  const { page } = await openPage(scope, `${url}${query}`);
  return page;
}

async function take(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.locator(`html[data-theme=${colorScheme}]`).waitFor();
    await page.screenshot({ path: `${FOLDER}${name}-${colorScheme}.png` });
  }
  console.log(`${name}: dark and light`);
}
