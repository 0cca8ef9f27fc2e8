import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorBodyFault, serverFrameFault } from '../../../../src/protocol/validate.js';
import { budget, failure, flow, totals } from '../rows.js';
import { random, World } from '../world.js';

let world: World;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'portchurn-'));
  mkdirSync(join(directory, 'dashboard', 'assets'), { recursive: true });
  writeFileSync(join(directory, 'secret.txt'), 'secret');
  writeFileSync(join(directory, 'dashboard', 'index.html'), '<!doctype html><title>x</title>');
  writeFileSync(join(directory, 'dashboard', 'icon.svg'), '<svg/>');
  writeFileSync(join(directory, 'dashboard', 'assets', 'main-abc123.js'), 'export {};');
  symlinkSync(join(directory, 'secret.txt'), join(directory, 'dashboard', 'link.txt'));
  world = await World.start({ dashboardDir: join(directory, 'dashboard') });
  world.source.flows.put(flow('a', { opened: 3 }), flow('b', { opened: 5, program: null }));
  world.source.totals.put(totals('n'));
  world.source.budgets.put(budget('t'));
  world.source.failures.put(failure('f'));
});
afterAll(async () => {
  await world.stop();
  rmSync(directory, { recursive: true });
});

describe('GET /api/v1/snapshot', () => {
  it('without a topic has every table', async () => {
    const body = await world.snapshot();
    expect(Object.keys(body.topics)).toEqual(['totals', 'flows', 'budgets', 'failures']);
    expect(body.topics.budgets?.rows).toEqual([budget('t')]);
    expect(Math.abs(body.time - Date.now())).toBeLessThan(60_000);
  });

  it('filters, sorts, limits and groups, and says what the limit hid', async () => {
    const { flows } = (await world.snapshot('?topic=flows&sort=opened&limit=1')).topics;
    expect(flows?.rows.map((row) => row.key)).toEqual(['a']);
    expect(flows).toMatchObject({ total: 2, other: { rows: 1, opened: 5 } });
    const grouped = (await world.snapshot('?topic=flows&group=program&filter=opened:%3E1')).topics.flows;
    expect(grouped?.rows.map((row) => row.key).sort()).toEqual(['program', 'program:ab (bash load.sh)']);
    expect(grouped?.other).toBeNull();
  });

  it('of several topics sorts and groups those that can be', async () => {
    const { topics } = await world.snapshot('?topic=flows&topic=totals&sort=-opened&group=unit');
    expect(topics.flows?.rows.map((row) => row.key)).toEqual(['unit:load.service']);
    expect(topics.totals?.rows.map((row) => row.key)).toEqual(['n']);
    expect(Object.keys(topics)).toEqual(['flows', 'totals']);
  });

  it.each([
    ['?topic=nosuch', 'UNKNOWN_TOPIC'],
    ['?topic=events', 'UNKNOWN_TOPIC'],
    ['?topic=flows&sort=nosuch', 'USAGE'],
    ['?sort=nosuch', 'USAGE'],
    ['?topic=totals&group=program', 'USAGE'],
    ['?topic=flows&group=nosuch', 'USAGE'],
    ['?limit=0', 'USAGE'],
    ['?limit=5001', 'USAGE'],
    ['?limit=-1', 'USAGE'],
    ['?limit=1.5', 'USAGE'],
    ['?filters=pid:1', 'USAGE'],
  ])('%s is refused as %s', async (query, code) => {
    const response = await world.get(`/api/v1/snapshot${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code, message: expect.any(String) });
  });

  it('says at which column a filter is wrong', async () => {
    const response = await world.get('/api/v1/snapshot?filter=ab+pid:x');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'BAD_FILTER', column: 8 });
  });
});

describe('GET /healthz', () => {
  it('is the health of the tracer, and 503 when it stopped', async () => {
    const { state } = world.source;
    const well = await world.get('/healthz');
    expect([well.status, await well.json()]).toEqual([200, { ...state, version: '0.0.0-test' }]);
    world.source.state = null;
    const response = await world.get('/healthz');
    world.source.state = state;
    expect([response.status, await response.json()]).toMatchObject([503, { code: 'TRACER_STOPPED' }]);
  });
});

describe('GET /api/v1/stream.ndjson', () => {
  it('gives the frames of the WebSocket, one per line, until the reader hangs up', async () => {
    const abort = new AbortController();
    const response = await world.get('/api/v1/stream.ndjson?topic=flows&limit=1&sort=opened', {
      signal: abort.signal,
    });
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    const lines = linesOf(response);
    const next = async () => {
      const frame = JSON.parse((await lines.next()).value as string);
      expect(serverFrameFault(frame)).toBeNull();
      return frame;
    };
    expect(await next()).toMatchObject({ type: 'hello', host: 'testhost', intervalMs: 60_000 });
    const { seq } = await next();
    world.source.flows.put(flow('a', { opened: 1 }));
    world.tick();
    expect(await next()).toMatchObject({
      type: 'delta',
      sub: 'flows',
      prev: seq,
      set: [{ key: 'a', opened: 1 }],
    });
    abort.abort();
    while (world.hub.hasSubscriptions) await world.get('/healthz');
    expect(world.hub.clients).toBe(0);
  });

  it('refuses like the snapshot, before the first line', async () => {
    for (const query of [
      '?topic=flows&filter=pid:x',
      '?topic=nosuch',
      '?topic=flows&intervalMs=x',
      '?topic=events&limit=0',
      '?topic=events&sort=-opened',
    ]) {
      const response = await world.get(`/api/v1/stream.ndjson${query}`);
      expect(response.status, query).toBe(400);
      expect(await response.json(), query).toHaveProperty('code');
    }
    expect([world.hub.clients, world.hub.tables.views]).toEqual([0, 0]);
  });

  it('answers HEAD without streaming', async () => {
    const response = await world.get('/api/v1/stream.ndjson?topic=flows', { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
});

async function* linesOf(response: Response): AsyncGenerator<string> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

describe('the dashboard', () => {
  it('comes with types, validators and the content policy', async () => {
    const page = await world.get('/');
    expect(await page.text()).toContain('<title>');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'self';/);
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const again = await world.get('/', { headers: { 'if-none-match': page.headers.get('etag') ?? '' } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    expect((await world.get('/icon.svg')).headers.get('content-type')).toMatch(/^image\/svg\+xml/);
  });

  it('keeps hashed files for ever', async () => {
    const script = await world.get('/assets/main-abc123.js');
    expect(script.headers.get('cache-control')).toContain('immutable');
    expect(script.headers.get('content-type')).toMatch(/javascript/);
  });

  it('is nothing but its own files', async () => {
    const paths = [
      '/link.txt',
      '/../secret.txt',
      '/%2e%2e/secret.txt',
      '/..%2fsecret.txt',
      '/assets',
      '/assets/',
      '//secret.txt',
    ];
    for (const path of paths) {
      const answer = await raw(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
      expect(answer, path).toMatch(/^HTTP\/1\.1 404 /);
    }
  });
});

/** Bytes to the server, and all that comes back until it closes. */
async function raw(bytes: string | Buffer): Promise<string> {
  const socket = connect(Number(new URL(world.url).port), '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  socket.end(bytes);
  await once(socket, 'close');
  return answer;
}

describe('the server', () => {
  it('answers what it does not know as JSON', async () => {
    for (const path of ['/api/v1/history', '/api', '/api/v1/session']) {
      const response = await world.get(path);
      const body: unknown = await response.json();
      expect([response.status, body], path).toMatchObject([404, { code: 'NOT_FOUND' }]);
      expect(errorBodyFault(body)).toBeNull();
    }
    const upgrade = await world.get('/api/v1/stream');
    expect([upgrade.status, await upgrade.json()]).toMatchObject([426, { code: 'UPGRADE_REQUIRED' }]);
  });

  it('only reads', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND']) {
      const answer = await raw(
        `${method} /api/v1/snapshot HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      );
      expect(answer, method).toMatch(/^HTTP\/1\.1 405 /);
      expect(answer).toContain('"METHOD_NOT_ALLOWED"');
    }
  });

  it.each([
    ['a body', 'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999\r\n\r\n', 413],
    [
      'a chunked body',
      'POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      413,
    ],
    ['long headers', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['a long path', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['a whole URL', 'GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
    [
      'another upgrade',
      'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
      400,
    ],
  ])('refuses %s', async (_, bytes, status) => {
    const answer = await raw(bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toMatch(/\{"code":"[A-Z_]+","message":/);
  });

  it('survives any bytes', async () => {
    const next = random(5);
    const start =
      'GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
    for (let i = 0; i < 300; i++) {
      const bytes = Buffer.from(start.slice(0, next(start.length + 1)));
      for (let j = next(5); j > 0 && bytes.length > 0; j--) bytes[next(bytes.length)] = next(256);
      await raw(bytes);
    }
    expect((await world.get('/healthz')).status).toBe(200);
  });

  it('says who may have the port already', async () => {
    const port = Number(new URL(world.url).port);
    const second = World.start({ listen: [{ host: '127.0.0.1', port }] });
    await expect(second).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      hint: expect.stringContaining('--listen'),
    });
    const elsewhere = World.start({ listen: [{ host: '192.0.2.1', port: 1 }], token: 'x' });
    await expect(elsewhere).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
  });
});
