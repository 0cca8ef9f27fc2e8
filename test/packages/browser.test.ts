/** `portchurn/client` in a real browser, at a service that asks for a token: the page's own site, as a browser wants it. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CLIENT } from '../../scripts/package/client.js';
import { openBrowser } from '../support/browser.js';
import { testScope } from '../support/scope.js';
import { portchurn } from '../support/service.js';
import { CULPRIT, scene } from './culprit.js';

const TOKEN = 'a-token-for-browsers';

it('names the culprit, and throws when the token is wrong', async () => {
  const scope = testScope();
  const file = join(scope.directory(), 'token');
  writeFileSync(file, TOKEN);
  chmodSync(file, 0o600);
  const { url } = await scene(scope, portchurn(), '--token-file', file);
  const context = await (await openBrowser(scope)).newContext({ bypassCSP: true });
  const page = await context.newPage();
  await page.goto(url);
  const code = readFileSync(join(CLIENT, 'browser.js'), 'utf8');
  await page.addScriptTag({
    type: 'module',
    content: `${code}\nwindow.connectTo = connect; window.dispatchEvent(new Event('there'));`,
  });
  const named = (token: string) =>
    page.evaluate(
      async ({ token, wanted }) => {
        const at = window as unknown as {
          connectTo?: typeof import('../../src/client/face/browser.js').connect;
        };
        if (at.connectTo === undefined)
          await new Promise((done) => addEventListener('there', done, { once: true }));
        const client = at.connectTo!(location.href, { token });
        try {
          for await (const rows of client.table('flows'))
            if (rows.some(({ process }) => process.name === wanted)) return 'named';
        } catch (error) {
          return (error as { code: string }).code;
        } finally {
          client.close();
        }
        return 'ended';
      },
      { token, wanted: CULPRIT },
    );
  expect(await named('another')).toBe('UNAUTHORIZED');
  expect(await named(TOKEN)).toBe('named');
});
