/**
 * What HttpClient needs of fetch(), by node:http: the first use of Node's own fetch() costs each command more than all else that
 * it does. In: a URL, headers, a signal. Out: status and text. A redirect is an answer like any other: no token follows it.
 */
import type { IncomingMessage } from 'node:http';
import type { Fetcher } from '../../client/http.js';

export const lightFetch: Fetcher = async (url, { headers, signal }) => {
  const { request } = await (url.protocol === 'https:' ? import('node:https') : import('node:http'));
  const response = await new Promise<IncomingMessage>((answered, failed) => {
    const options = { headers: headers as Record<string, string>, agent: false, ...(signal && { signal }) };
    request(url, options, answered).on('error', failed).end();
  });
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString('utf8');
  return { status: response.statusCode ?? 0, text: async () => text };
};
