import { describe, expect, it } from 'vitest';
import { streamUrl } from '../../../src/client/connection.js';
import type { ServiceAddress } from '../../../src/client/errors.js';
import { HttpClient } from '../../../src/client/http.js';

const SERVICE: ServiceAddress = {
  url: 'http://proxy/portchurn/',
  token: 'secret',
  hints: { UNAUTHORIZED: 'give it' },
};

/** A client whose requests are answered with `status` and `text`, and are kept in `asked`. */
function answered(status: number, text: string, service = SERVICE) {
  const asked: { url: string; headers: unknown; redirect: unknown }[] = [];
  const client = new HttpClient(service, async (input, init) => {
    asked.push({ url: String(input), headers: init?.headers, redirect: init?.redirect });
    return new Response(text, { status });
  });
  return { client, asked };
}

describe('requests', () => {
  it('keep the path of the service behind a proxy, and leave out what has no value', async () => {
    const { client, asked } = answered(200, '{}');
    await client.snapshot({ topic: 'flows', filter: 'pid:1 a&b', sort: '' });
    await client.history(null, 60);
    expect(asked.map(({ url }) => url)).toEqual([
      'http://proxy/portchurn/api/v1/snapshot?topic=flows&filter=pid%3A1+a%26b',
      'http://proxy/portchurn/api/v1/history?seconds=60',
    ]);
    expect(streamUrl(SERVICE.url)).toMatch(/^ws:\/\/proxy\/portchurn\/\w/);
  });

  it('carry the token as bearer, and nothing when there is none', async () => {
    const { client, asked } = answered(200, '{}');
    await client.health();
    const without = answered(200, '{}', { ...SERVICE, token: null });
    await without.client.health();
    expect([asked[0]?.headers, without.asked[0]?.headers]).toEqual([{ authorization: 'Bearer secret' }, {}]);
  });
});

describe('a redirect', () => {
  it('is an error, since a token would go along, unless it is allowed', async () => {
    const { client, asked } = answered(200, '{}');
    await client.health();
    await client.request('healthz', {}, { followRedirects: true });
    expect(asked.map(({ redirect }) => redirect)).toEqual(['error', 'follow']);
  });
});

describe('an answer', () => {
  it('without a history of the budget is null, and any other refusal is thrown', async () => {
    const none = answered(404, '{"code":"NOT_FOUND","message":"no such budget"}');
    expect(await none.client.history('b', 60)).toBeNull();
    const refused = answered(401, '{"code":"UNAUTHORIZED","message":"a token is needed"}');
    await expect(refused.client.history('b', 60)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });

  it('that refuses is thrown with its code, column and the caller’s next step', async () => {
    const filter = answered(400, '{"code":"BAD_FILTER","message":"no such key","column":7}');
    await expect(filter.client.health()).rejects.toMatchObject({ code: 'BAD_FILTER', column: 7 });
    const token = answered(401, '{"code":"UNAUTHORIZED","message":"a token is needed"}');
    await expect(token.client.health()).rejects.toMatchObject({ code: 'UNAUTHORIZED', hint: 'give it' });
  });

  it.each([
    [200, '{"mode":"nosuch"}', 'NOT_FOUND'],
    [200, '<html>', 'NOT_FOUND'],
    [500, '<html>', 'NOT_FOUND'],
    [200, '{"mode":"ebpf"}', null],
  ])('%i %s is probed as %s', async (status, text, code) => {
    expect((await answered(status, text).client.probe())?.code ?? null).toBe(code);
  });

  it('that does not come names the service and the cause', async () => {
    const client = new HttpClient(SERVICE, async () => {
      throw new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }) });
    });
    await expect(client.health()).rejects.toMatchObject({
      code: 'SERVICE_UNREACHABLE',
      message: 'no answer from a service at http://proxy/portchurn/: ECONNREFUSED',
    });
  });
});
