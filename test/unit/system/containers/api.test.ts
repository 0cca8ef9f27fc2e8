/** What a socket answers is a stranger's: too large, too slow, of other types, or nothing that was asked for. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ApiError, followContainers, listContainers } from '../../../../src/system/containers/api.js';
import type { ContainerFacts } from '../../../../src/system/parse/container.js';
import { testScope } from '../../../support/scope.js';

const [WEB, DB] = ['3f9c'.repeat(16), 'ab12'.repeat(16)];
const LONG = { withinMs: 60_000 };

/** A socket that answers so. */
async function answering(answer: RequestListener): Promise<string> {
  const scope = testScope();
  const path = join(scope.directory(), 'sock');
  const server: Server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  scope.use({
    end: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return path;
}

const saying = (text: string, status = 200) =>
  answering((_, answer) => void answer.writeHead(status).end(text));

async function listed(path: string, withinMs = LONG.withinMs): Promise<Record<string, ContainerFacts>> {
  const all: Record<string, ContainerFacts> = {};
  await listContainers(path, { withinMs }, (id, facts) => {
    all[id] = facts;
  });
  return all;
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error: ApiError) => error.code,
  );

describe('the list of a socket', () => {
  it('has names, images and services, and nothing else is asked for', async () => {
    const asked: unknown[] = [];
    const path = await answering(({ method, url }, answer) => {
      asked.push([method, url]);
      const Labels = {
        'com.docker.compose.project': 'shop',
        'com.docker.compose.service': 'web',
        KEY: 'canary',
      };
      const web = {
        Id: WEB,
        Names: ['/shop-web-1', '/db/alias'],
        Image: 'shop/web:1',
        Command: 'run canary',
        Labels,
      };
      answer.end(JSON.stringify([web, { Id: DB, Names: ['/db'], Image: 'postgres', Labels: null }]));
    });
    expect(await listed(path)).toEqual({
      [WEB]: { name: 'shop-web-1', image: 'shop/web:1', pod: null, workload: 'shop/web' },
      [DB]: { name: 'db', image: 'postgres', pod: null, workload: null },
    });
    expect(asked).toEqual([['GET', '/containers/json']]);
  });

  it.each([
    ['', 'NOT_JSON'],
    ['{"Id":"x"}', 'NOT_JSON'],
    ['[{"Id":', 'NOT_JSON'],
    ['<html>', 'NOT_JSON'],
    [`${'['.repeat(5000)}`, 'NOT_JSON'],
  ])('is refused: %.20s', async (text, code) => {
    expect(await codeOf(listed(await saying(text)))).toBe(code);
  });

  it('leaves out what is none of its entries', async () => {
    const names = { Id: WEB, Names: ['/web'] };
    const bad = [
      5,
      null,
      [],
      { ...names, Id: 5 },
      { ...names, Id: '../etc' },
      { Id: WEB, Names: 5 },
      { Id: WEB, Names: [5, '/x'] },
      { Id: WEB, Names: ['x'.repeat(5000)] },
    ];
    const path = await saying(JSON.stringify([...bad, { Id: DB, Names: ['/db'], Image: 7 }]));
    expect(await listed(path)).toEqual({ [DB]: { name: 'db', image: null, pod: null, workload: null } });
  });

  it('is given up where it is too large, too late, cut, an error or no HTTP', async () => {
    const endless = await answering((_, answer) => {
      const more = () => answer.write(Buffer.alloc(1 << 20, 0x20), () => setImmediate(more));
      more();
    });
    expect(await codeOf(listed(endless))).toBe('TOO_LARGE');
    expect(await codeOf(listed(await answering(() => {}), 50))).toBe('TIMEOUT');
    const slow = await answering((_, answer) => void answer.write('['));
    expect(await codeOf(listed(slow, 50))).toBe('TIMEOUT');
    const cut = await answering(({ socket }, answer) => void answer.write('[', () => socket.destroy()));
    expect(await codeOf(listed(cut))).toBe('ECONNRESET');
    expect(await codeOf(listed(await saying('[]', 500)))).toBe('HTTP_500');
    expect(await codeOf(listed(await saying('[]', 301)))).toBe('HTTP_301');
    const raw = await answering(({ socket }) => void socket.end('SSH-2.0\r\n\r\n'));
    expect(await codeOf(listed(raw))).toBe('HPE_INVALID_CONSTANT');
    expect(await codeOf(listed(join(testScope().directory(), 'none')))).toBe('ENOENT');
  });
});

describe('the events of a socket', () => {
  const event = (name: string) =>
    JSON.stringify({
      Action: 'rename',
      Actor: { ID: WEB, Attributes: { name, image: 'shop/web:1', KEY: 'x' } },
    });

  it('are told one by one, however they are cut, until it ends', async () => {
    let target = '';
    const path = await answering(({ url = '' }, answer) => {
      target = url;
      const text = Buffer.from(`${event('web')}\n\n${event('web-old')}\n{"Type":"network"}\n`);
      for (const byte of text) answer.write(Buffer.from([byte]));
      answer.end();
    });
    const names: unknown[] = [];
    await followContainers(path, 1234, LONG, (id, { name, image }) => names.push([id === WEB, name, image]));
    expect(names).toEqual([
      [true, 'web', 'shop/web:1'],
      [true, 'web-old', 'shop/web:1'],
    ]);
    const { searchParams, pathname } = new URL(target, 'http://localhost');
    expect([pathname, searchParams.get('since')]).toEqual(['/events', '1234']);
    expect(JSON.parse(searchParams.get('filters') ?? '')).toEqual({
      type: ['container'],
      event: ['create', 'start', 'rename'],
    });
  });

  it('are given up where a line is no JSON or has no end, and when they do not begin', async () => {
    const follow = (path: string, withinMs = LONG.withinMs) =>
      codeOf(followContainers(path, 0, { withinMs }, () => {}));
    expect(await follow(await saying('{garbage\n'))).toBe('NOT_JSON');
    expect(await follow(await saying('x'.repeat(300 << 10)))).toBe('TOO_LARGE');
    expect(await follow(await answering(() => {}), 50)).toBe('TIMEOUT');
    expect(await follow(await saying('', 404))).toBe('HTTP_404');
  });
});
