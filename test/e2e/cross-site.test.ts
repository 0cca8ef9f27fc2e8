/**
 * A page of another site cannot make the service work: what a real browser sends by itself is refused, although it says no
 * Origin. Between browser and service stands a relay that keeps what the service answered: the page itself may not read it.
 */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { openPage } from '../support/browser.js';
import { patient } from '../support/patience.js';
import { type Scope, testScope } from '../support/scope.js';
import { startService } from '../support/service.js';

async function listening(scope: Scope, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.use({ end: () => void server.close() });
  return (server.address() as AddressInfo).port;
}

/** Its port, and what the service has answered so far, byte for byte. */
async function relay(scope: Scope, to: string): Promise<{ port: number; said: () => string }> {
  let said = '';
  const server = createServer((browser) => {
    const service = connect(Number(new URL(to).port), '127.0.0.1');
    service.on('data', (chunk) => {
      said += chunk.toString('latin1');
    });
    for (const one of [browser, service]) one.on('error', () => one.destroy());
    browser.pipe(service).pipe(browser);
  });
  return { port: await listening(scope, server), said: () => said };
}

/** A page elsewhere that makes its reader's browser ask for `url`, and says when it has. */
async function hostilePage(scope: Scope, url: string): Promise<number> {
  const ask = `Promise.allSettled([
    new Promise((done) => { const img = new Image(); img.onload = img.onerror = done; img.src = '${url}'; document.body.append(img); }),
    fetch('${url}', { mode: 'no-cors' }),
    fetch('${url}', { mode: 'no-cors', credentials: 'include' }),
  ]).then(() => { document.title = 'asked'; })`;
  const html = `<!doctype html><title>elsewhere</title><body><script>${ask}</script>`;
  const server = createHttpServer((_, response) => response.setHeader('content-type', 'text/html').end(html));
  return listening(scope, server);
}

const asked = (page: Page) =>
  page.waitForFunction(() => document.title === 'asked', null, { timeout: patient(20_000) });

it.each([
  ['cross-site', 'localhost'],
  ['same-site', '127.0.0.1'],
])('an image and a blind fetch of a %s page are refused, a link to the page is not', async (_, elsewhere) => {
  const scope = testScope();
  const service = await startService(scope);
  const { port, said } = await relay(scope, service.url);
  const snapshot = `http://127.0.0.1:${port}/api/v1/snapshot?topic=flows`;
  const hostile = await hostilePage(scope, snapshot);

  const { page } = await openPage(scope, `http://${elsewhere}:${hostile}/`);
  await asked(page);
  expect(said().match(/^HTTP\/1\.1 \d+/gm)).toEqual(Array(3).fill('HTTP/1.1 403'));
  expect(said().match(/"code":"CROSS_SITE"/g)).toHaveLength(3);
  expect(said()).not.toContain('"epoch"');

  await page.evaluate((url) => location.assign(url), `http://127.0.0.1:${port}/`);
  await page
    .getByRole('status')
    .getByText('Live')
    .first()
    .waitFor({ timeout: patient(40_000) });
  expect(page.url()).toContain(`:${port}/`);
});
