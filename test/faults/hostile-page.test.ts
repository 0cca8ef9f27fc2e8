/**
 * The page at load 20, with names that want to be something else: of programs, arguments, control groups and what a hosts file calls an address; beside a
 * twin with the same addresses. Real Chromium. It may be slow; every name is text, nothing executes, and each incident is that of its own process.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { hex, spelled } from '../../src/protocol/format.js';
import { openBrowser, openPage } from '../support/browser.js';
import { group, hierarchy } from '../support/control-groups.js';
import { HOSTILE_NAMES, type Names, PLAIN_NAMES } from '../support/hostile.js';
import { KEPT, Netns } from '../support/netns.js';
import { patient } from '../support/patience.js';
import { type Running, start } from '../support/process.js';
import { type Scope, testScope } from '../support/scope.js';
import { pythonScript } from '../support/script.js';
import { ROOT, startService } from '../support/service.js';
import { busyLoops } from './busy.js';

const LOOPS = 20;
/** Of a longer name only both ends are shown: its markup would not be whole. */
const SCRIPT = '\n\u001b[2J\u202e<img src=x onerror="document.title=1">';
const NAMES: Names = { ...HOSTILE_NAMES, script: SCRIPT + 'W'.repeat(64 - SCRIPT.length) };
const PORT = 5432;
const [NAMED, UNNAMED] = ['10.77.0.10', '10.77.0.11'];
/** As long as a name of DNS is. */
const HOST = `${'db.'.repeat(84)}x`;
const HOSTS = `${NAMED} ${HOST}\n${UNNAMED} ${NAMES.container.replaceAll(' ', '')}\n`;
const ID = '5eed'.repeat(16);
/** A hundred ports, which are soon out. */
const NARROW = { ...KEPT, 'net.ipv4.ip_local_port_range': '40000 40099' };
const WITHIN = { timeout: patient(120_000) };
const PLACED =
  'echo $$ > "$GROUP/cgroup.procs" && exec unshare --mount --propagation=private sh -c \'mount --bind "$HOSTS" /etc/hosts && exec "$@"\' sh "$@"';
/** Its words: a port of loopback, what it calls itself, anything, and addresses that refuse it. */
const CALLS = `import socket, sys, time
with open("/proc/self/comm", "w") as comm: comm.write(sys.argv[2])
while True:
    try: socket.create_connection(("127.0.0.1", int(sys.argv[1]))).close()
    except OSError: pass
    for address in sys.argv[4:]: socket.socket().connect_ex((address, 7))
    time.sleep(0.05)`;
/** What would be more than text: in a page the end of a line and a tab are blanks. */
const RAW = '[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]';

interface Side {
  readonly netns: Netns;
  readonly client: Running;
}

/** A server, and a client in a container whose control group and hosts file have such names, too. */
async function side(scope: Scope, mount: string, names: Names, netns: Netns): Promise<Side> {
  netns.address(`${NAMED}/32`, `${UNNAMED}/32`);
  const server = await start(
    scope,
    ['/usr/bin/python3', join(ROOT, 'test/programs/hostile_server.py'), String(PORT), names.comm],
    { netns },
  );
  await server.printed(/^ready$/m);
  const hosts = join(scope.directory(), 'hosts');
  writeFileSync(hosts, HOSTS);
  const env = {
    ...process.env,
    GROUP: group(scope, mount, `${names.container}/docker/${ID}`),
    HOSTS: hosts,
  };
  const words = [String(PORT), names.comm, names.argument, NAMED, UNNAMED];
  const client = [...pythonScript(scope, names.script, CALLS), ...words];
  return { netns, client: await start(scope, ['sh', '-c', PLACED, 'sh', ...client], { netns, env }) };
}

/** As the page writes names of others. */
const foreign = (text: string) => spelled(text, (character) => `\\u${hex(character)}`);
const card = (page: Page) => page.getByRole('region', { name: 'Incident' });
const drawer = (page: Page) => page.getByRole('complementary');

/** Whatever the page has now, in sight or not, is text that shows what it is. */
async function isText(page: Page): Promise<void> {
  const found = await page.evaluate((source) => {
    const raw = new RegExp(source);
    const texts = [document.title];
    const all = document.createTreeWalker(document, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = all.nextNode(); node !== null; node = all.nextNode())
      if (node instanceof Element) texts.push(...Array.from(node.attributes, ({ value }) => value));
      else texts.push(node.nodeValue ?? '');
    const made = document.querySelectorAll('img, iframe, object, embed, [onerror], script:not([src])');
    return { raw: texts.filter((text) => raw.test(text)), made: Array.from(made, (one) => one.outerHTML) };
  }, RAW);
  expect(found).toEqual({ raw: [], made: [] });
  expect(await page.title()).not.toBe('1');
}

const isInSight = (element: Locator) =>
  element.evaluate((node) => {
    const { left, right, top, bottom, width, height } = node.getBoundingClientRect();
    const hit = document.elementFromPoint(left + Math.min(width / 2, 5), top + height / 2);
    return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight && node.contains(hit);
  });

/** Its own process, of which the pid cannot be made up, and where to: however long its name is. */
async function isOnCard(page: Page, { client }: Side, toward: string): Promise<void> {
  const who = card(page).locator('.who');
  for (const part of [who.locator('.beside').first(), who.locator('.toward')])
    expect(await isInSight(part)).toBe(true);
  expect(await who.locator('.beside').first().textContent()).toContain(`python3 · ${client.pid}`);
  expect(await who.locator('.toward').textContent()).toBe(toward);
}

/** Each incident is of the process of its own namespace, whatever both are called. */
async function areRight(page: Page, sides: readonly Side[]): Promise<void> {
  const who = card(page).locator('.who');
  const seen = new Set<string>();
  const tabs = card(page).getByRole('tab');
  for (let at = 0; at < (await tabs.count()); at++) {
    await tabs.nth(at).click(WITHIN);
    await card(page)
      .locator(`[role=tab][aria-selected=true]:nth-of-type(${at + 1})`)
      .waitFor(WITHIN);
    const place = await who.locator('.beside bdi').textContent();
    const own = sides.find(({ netns }) => place?.startsWith(netns.name));
    expect(await who.locator('.beside').first().textContent()).toContain(`python3 · ${own?.client.pid}`);
    const toward = (await who.locator('.toward').textContent()) ?? '';
    if (toward.startsWith(UNNAMED)) expect(await who.locator('.other').count()).toBe(0);
    await isText(page);
    seen.add(`${place} ${toward}`);
  }
  expect(seen.size).toBeGreaterThanOrEqual(sides.length);
}

/** Of a hosts file only what is a name, whole. */
async function areNamed(page: Page): Promise<void> {
  const address = (text: string) => page.locator(`.culprits .address[title^="${text}:7"]`).first();
  await page
    .locator(`.culprits .address[title$=" ${HOST}"]`)
    .first()
    .waitFor({ ...WITHIN, state: 'attached' });
  expect(await address(UNNAMED).getAttribute('title')).toMatch(/^[\d.]+:7( echo)?$/);
}

/** All about the process behind a row, its command line among it; and what is below the tables. */
async function areShownWhole(page: Page, { client }: Side): Promise<void> {
  const row = page.locator('.culprits tbody tr[aria-rowindex]', { hasText: `python3 · ${client.pid}` });
  await row.first().getByRole('link').click(WITHIN);
  const argument = drawer(page).getByText('<img src=x onerror="document.title=1"></script>', {
    exact: false,
  });
  await argument.first().waitFor(WITHIN);
  await isText(page);
  await page.keyboard.press('Escape');
  const picture = page.getByRole('region', { name: 'Who holds whose ports' });
  await picture.scrollIntoViewIfNeeded(WITHIN);
  await isText(page);
}

it('shows them as text, executes nothing, and has the right culprit on the card', async () => {
  const scope = testScope();
  const mount = hierarchy(scope);
  await busyLoops(scope, LOOPS);
  const [narrow, wide] = [Netns.create(scope, NARROW), Netns.create(scope)];
  const service = await startService(scope, '--filter', `netns:${wide.name.replace(/\d+$/, '*')}`);
  const bad = await side(scope, mount, NAMES, narrow);
  const twin = await side(scope, mount, PLAIN_NAMES, wide);
  const { page, problems } = await openPage(scope, service.url, openBrowser(scope));
  const name = card(page).locator('.who .name');
  await card(page)
    .locator('.who', { hasText: `used up the ports to 127.0.0.1:${PORT}` })
    .waitFor(WITHIN);
  expect(await name.textContent()).toBe(foreign(NAMES.script));
  await isOnCard(page, bad, `127.0.0.1:${PORT}`);
  await isText(page);
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/hostile.png` });
  await areRight(page, [bad, twin]);
  await areNamed(page);
  await areShownWhole(page, bad);
  expect(problems).toEqual([]);
});
