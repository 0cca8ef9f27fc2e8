/**
 * The kubelet's side of the CRI, as far as the tests need it: calls of gRPC over a Unix socket, whose messages are written by hand. In: a socket.
 * Out: what a call answers. A message is a list of numbered fields (k8s.io/cri-api, runtime/v1/api.proto).
 */
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';

type Field = readonly [number: number, value: number | string | Buffer];

/** In protobuf's encoding: numbers as varints, all else with its length in front. */
export function message(...fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.flatMap(([number, value]) => fieldOf(number, value)));
}

function fieldOf(number: number, value: number | string | Buffer): Buffer[] {
  if (typeof value === 'number') return [varint(number << 3), varint(value)];
  const bytes = Buffer.from(value);
  return [varint((number << 3) | 2), varint(bytes.length), bytes];
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 127; value >>= 7) bytes.push((value & 127) | 128);
  return Buffer.from([...bytes, value]);
}

/** An answer whose only field is an id. */
export const idIn = (answer: Buffer): string => answer.subarray(2).toString();

/** One call of the RuntimeService, on a connection of its own. */
export async function call(socket: string, method: string, request: Buffer): Promise<Buffer> {
  const session = connectHttp2('http://localhost', { createConnection: () => connect(socket) });
  try {
    const path = `/runtime.v1.RuntimeService/${method}`;
    const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
    const stream = session.request(headers);
    const told: Record<string, unknown> = {};
    const chunks: Buffer[] = [];
    stream.on('response', (headers) => Object.assign(told, headers));
    stream.on('trailers', (headers) => Object.assign(told, headers));
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const head = Buffer.alloc(5);
    head.writeUInt32BE(request.length, 1);
    stream.end(Buffer.concat([head, request]));
    await once(stream, 'end');
    if (told['grpc-status'] !== '0') throw new Error(`${method}: ${told['grpc-message']}`);
    return Buffer.concat(chunks).subarray(head.length);
  } finally {
    session.close();
  }
}
