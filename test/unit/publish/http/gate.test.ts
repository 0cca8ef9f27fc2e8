import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireTokenFor } from '../../../../src/protocol/service-address.js';
import { createApp } from '../../../../src/publish/http/app.js';
import { World } from '../world.js';

const TOKEN = 'correct horse battery ſtaple';
const BEARER = { authorization: 'Bearer s3cret-token' };
const PATHS = [
  '/',
  '/healthz',
  '/metrics',
  '/assets/x.js',
  '/api/v1/snapshot',
  '/api/v1/history',
  '/api/v1/ports',
  '/api/v1/flow',
  '/api/v1/change',
  '/api/v1/stream',
  '/api/v1/stream.ndjson?topic=flows',
  '/api/v1/session',
  '/nowhere',
];
const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
};

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** One request, byte for byte as given; an accepted upgrade answers 101. */
async function ask(
  url: string,
  path: string,
  headers: Record<string, string>,
  method = 'GET',
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const sent = request({ hostname, port, path, method, headers, agent: false });
  sent.end();
  const upgraded = once(sent, 'upgrade').then(([response, socket]) => {
    socket.destroy();
    return { status: 101, headers: response.headers, body: '' };
  });
  const answered = once(sent, 'response').then(async ([response]) => {
    let body = '';
    for await (const chunk of response.setEncoding('utf8')) {
      body += chunk;
      if (response.headers['content-type'] === 'application/x-ndjson') break;
    }
    return { status: response.statusCode, headers: response.headers, body };
  });
  return Promise.race([upgraded, answered]);
}

/** The whole answer to bytes that no client library would send. */
async function raw(url: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.end(Buffer.from(bytes, 'latin1'));
  let text = '';
  for await (const chunk of socket.setEncoding('latin1')) text += chunk;
  return text;
}

const worlds: World[] = [];
async function world(options: Parameters<typeof World.start>[0]): Promise<World> {
  const started = await World.start(options);
  worlds.push(started);
  return started;
}
afterAll(async () => {
  for (const one of worlds) await one.stop();
});

let open: World;
let locked: World;
beforeAll(async () => {
  open = await world({
    allowHosts: ['ops.example', 'only.example:8080'],
    allowOrigins: ['https://ok.example'],
  });
  locked = await world({ token: 's3cret-token\n' });
});

async function expectRefused(url: string, headers: Record<string, string>, status: number, code: string) {
  for (const path of PATHS) {
    for (const extra of [{}, UPGRADE]) {
      for (const method of ['GET', 'POST', 'HEAD']) {
        const answer = await ask(url, path, { ...extra, ...headers }, method);
        expect(answer.status, `${method} ${path}`).toBe(status);
        expect(answer.headers['x-content-type-options']).toBe('nosniff');
        if (method !== 'HEAD') expect(JSON.parse(answer.body)).toMatchObject({ code });
      }
    }
  }
}

describe('on every path and on the upgrade', () => {
  it('and no route is forgotten here', () => {
    const none = {} as never;
    const { routes } = createApp({ hub: none, gate: none, assets: none, metrics: none, log: none });
    const tried = new Set(PATHS.map((path) => path.split('?')[0]));
    const named = routes.map(({ path }) => path).filter((path) => !path.endsWith('*'));
    expect(named.length).toBeGreaterThan(6);
    expect(named.filter((path) => !tried.has(path))).toEqual([]);
  });

  it.each([
    'evil.example',
    'localhost.evil.example',
    '192.0.2.7',
    '[2001:db8::1]:7790',
    'a@localhost',
    'only.example',
  ])('Host %j is refused', (host) => expectRefused(open.url, { host }, 421, 'MISDIRECTED_HOST'));

  it.each([
    'http://evil.example',
    'null',
    'https://localhost:1',
    'http://localhost',
    'file://',
    'ok.example',
  ])('Origin %j is refused', (origin) =>
    expectRefused(open.url, { origin, host: `localhost:${new URL(open.url).port}` }, 403, 'FORBIDDEN_ORIGIN'),
  );

  it.each(['cross-site', 'same-site', 'elsewhere', 'none, cross-site'])(
    'Sec-Fetch-Site %j without Origin is refused, but for a navigation to the page',
    async (site) => {
      const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' };
      await expectRefused(open.url, headers, 403, 'CROSS_SITE');
      const navigation = { ...headers, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
      for (const path of PATHS) {
        const opens = path === '/';
        const answer = await ask(open.url, path, navigation);
        expect(answer.status === 403, path).toBe(!opens);
        expect((await ask(open.url, path, navigation, 'POST')).status, path).toBe(403);
      }
    },
  );

  it.each<[string, Record<string, string>]>([
    ['no token', {}],
    ['a wrong token', { authorization: 'Bearer wrong' }],
    ['an empty token', { authorization: 'Bearer ' }],
    ['another scheme', { authorization: 'Basic s3cret-token' }],
    ['a wrong subprotocol', { 'sec-websocket-protocol': 'portchurn.v1, bearer.d3Jvbmc' }],
    ['a wrong cookie', { cookie: 'portchurn-00000000=s3cret-token; x=s3cret-token' }],
    ['a token in the URL', { 'x-token': 's3cret-token' }],
  ])('%s is refused', (_, headers) => expectRefused(locked.url, headers, 401, 'UNAUTHORIZED'));
});

describe('the gate', () => {
  it('lets pass what it knows by name, with any port', async () => {
    const hosts = [
      'localhost',
      'LOCALHOST:1',
      '127.0.0.1:7790',
      '[::1]',
      'ops.example:99',
      'only.example:8080',
    ];
    for (const host of hosts) expect((await ask(open.url, '/healthz', { host })).status, host).toBe(200);
  });

  it('lets pass pages of the same host, of an allowed origin, and who is no page', async () => {
    const passes = [
      { host: 'localhost:7790', origin: 'http://localhost:7790' },
      { host: 'ops.example', origin: 'https://ops.example' },
      { host: 'ops.example:80', origin: 'http://OPS.example' },
      { host: 'localhost', origin: 'https://ok.example' },
      { host: 'localhost' },
    ];
    for (const headers of passes) {
      expect((await ask(open.url, '/healthz', headers)).status, JSON.stringify(headers)).toBe(200);
      expect((await ask(open.url, '/api/v1/stream', { ...UPGRADE, ...headers })).status).toBe(101);
    }
  });

  it('lets pass its own page, a typed address, and pages of an allowed origin', async () => {
    const passes = [
      { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' },
      { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors', origin: 'https://ok.example' },
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors', origin: 'https://ok.example' },
    ];
    for (const headers of passes) {
      expect((await ask(open.url, '/healthz', headers)).status, JSON.stringify(headers)).toBe(200);
      expect((await ask(open.url, '/api/v1/stream', { ...UPGRADE, ...headers })).status).toBe(101);
    }
  });

  it('takes the token as header, as subprotocol or as cookie', async () => {
    const encoded = Buffer.from('s3cret-token').toString('base64url');
    const { status, headers } = await ask(locked.url, '/api/v1/session', BEARER, 'POST');
    expect(status).toBe(204);
    const [set = ''] = headers['set-cookie'] ?? [];
    expect(set).toMatch(/; HttpOnly; SameSite=Strict$/);
    expect(set).not.toContain('s3cret');
    const ways = [
      BEARER,
      { 'sec-websocket-protocol': `portchurn.v1, bearer.${encoded}` },
      { cookie: `other=1; ${set.split(';')[0]}` },
    ];
    for (const way of ways) {
      expect((await ask(locked.url, '/healthz', way)).status).toBe(200);
      expect((await ask(locked.url, '/api/v1/stream', { ...UPGRADE, ...way })).status).toBe(101);
    }
    const upgraded = await ask(locked.url, '/api/v1/stream', { ...UPGRADE, ...ways[1] });
    expect(upgraded.headers['sec-websocket-protocol']).toBe('portchurn.v1');
  });

  it('is not moved by a right cookie beside a wrong token', async () => {
    const { headers } = await ask(locked.url, '/api/v1/session', BEARER, 'POST');
    const cookie = headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    expect((await ask(locked.url, '/healthz', { cookie, authorization: 'Bearer x' })).status).toBe(401);
  });

  it('takes a token of any characters as subprotocol', async () => {
    const odd = await world({ token: TOKEN });
    const offer = `portchurn.v1, bearer.${Buffer.from(TOKEN).toString('base64url')}`;
    const headers = { ...UPGRADE, 'sec-websocket-protocol': offer };
    expect((await ask(odd.url, '/api/v1/stream', headers)).status).toBe(101);
  });

  it('gives a browser without a token a page that can ask for it, still as 401', async () => {
    const page = await ask(locked.url, '/', { accept: 'text/html,*/*' });
    expect(page.status).toBe(401);
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.headers['content-security-policy']).toMatch(/script-src 'sha256-/);
    expect(page.body).toContain('/api/v1/session');
  });

  it.each([
    [
      'two Host headers, of which a proxy may have seen the other',
      'HTTP/1.1\r\nHost: localhost\r\nHost: evil.example',
    ],
    ['an empty Host', 'HTTP/1.1\r\nHost: '],
    ['no Host', 'HTTP/1.0'],
    ['no Host although HTTP/1.1 wants one', 'HTTP/1.1'],
    ['a port that is none', 'HTTP/1.1\r\nHost: localhost:65536'],
    ['a port of six digits', 'HTTP/1.1\r\nHost: localhost:100000'],
    ['a name that the URL parser refuses', 'HTTP/1.1\r\nHost: \u00e9%zz'],
    ['an allowed name that no URL can have', 'HTTP/1.1\r\nHost: bad<name'],
    ['an address in brackets that is none', 'HTTP/1.1\r\nHost: [::1::1]'],
  ])('refuses %s with the JSON of 421', async (_, rest) => {
    const odd = await world({ allowHosts: ['bad<name', '\u00e9%zz'] });
    const answer = await raw(odd.url, `GET /healthz ${rest}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 421 /);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ code: 'MISDIRECTED_HOST' });
  });

  it('answers a path that no URL can have in JSON too', async () => {
    const answer = await raw(open.url, 'GET /a\\b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ code: 'USAGE' });
  });

  it('knows the address that a connection arrived at, but no other', async () => {
    const wide = await world({ listen: [{ host: '0.0.0.0', port: 0 }], token: 's3cret-token' });
    const address =
      Object.values(networkInterfaces())
        .flat()
        .find((one) => one?.family === 'IPv4' && !one.internal)?.address ?? '127.0.0.2';
    const url = `http://${address}:${new URL(wide.url).port}/`;
    expect((await ask(url, '/healthz', { host: address, ...BEARER })).status).toBe(200);
    expect((await ask(url, '/healthz', { host: '127.9.9.9', ...BEARER })).status).toBe(421);
  });

  it('is demanded beyond loopback', async () => {
    const needs = (host: string) => requireTokenFor(host);
    expect(['127.0.0.1', '127.8.8.8', '::1', 'localhost'].filter(needs)).toEqual([]);
    const beyond = ['0.0.0.0', '::', '10.0.0.1', 'example.org', '', '127.0.0.1.example.org'];
    expect(beyond.filter(needs)).toEqual(beyond);
    await expect(World.start({ listen: [{ host: '0.0.0.0', port: 0 }] })).rejects.toMatchObject({
      code: 'USAGE',
    });
    await expect(World.start({ token: ' \n' })).rejects.toMatchObject({ code: 'USAGE' });
  });
});
