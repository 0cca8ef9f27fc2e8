/**
 * What HttpClient needs of fetch(), by node:http: the first use of Node's own fetch() costs each command more than all else that
 * it does. In: how a connection is made, a URL, headers, a signal. Out: status and text. A redirect is an answer like any other: no token follows it.
 * Whatever listens there may answer without end: an answer is read up to a limit.
 */
import type { IncomingMessage } from 'node:http';
import type { Fetcher } from '../../client/http.js';
import type { Dial } from './dial.js';

/** 5,000 rows, the most of one answer, have some 30 MB when each has the longest command line. */
const MAX_MB = 128;

export const lightFetch =
  (dial?: Dial): Fetcher =>
  async (url, { headers, signal }) => {
    const { request } = await (url.protocol === 'https:' ? import('node:https') : import('node:http'));
    const response = await new Promise<IncomingMessage>((answered, failed) => {
      /* Node takes a connection of ours only where no agent is named. */
      const connection = dial === undefined ? { agent: false } : { createConnection: dial };
      const options = {
        headers: headers as Record<string, string>,
        ...connection,
        ...(signal && { signal }),
      };
      request(url, options, answered).on('error', failed).end();
    });
    const text = (await bodyOf(response)).toString('utf8');
    return { status: response.statusCode ?? 0, text: async () => text };
  };

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    // Leaving the loop destroys the connection.
    if (bytes > MAX_MB * 1_000_000) throw new Error(`the answer is longer than ${MAX_MB} MB`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
