/**
 * How a refusal looks over HTTP: JSON `{code, message}`, to a browser without a token the unlock page. Enters: an error.
 * Leaves: a response, also straight onto a socket whose upgrade or parsing failed. Called by server.ts, http.ts and ws.ts.
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { PortchurnError } from '../../protocol/errors.js';
import { LOGIN_PAGE, LOGIN_POLICY } from './login-page.js';

/** On every response. Pages get all they need from this service and may be framed by none. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'x-frame-options': 'DENY',
};

export interface ErrorBody {
  code: string;
  message: string;
  hint?: string;
  column?: number;
}

export function errorBody(error: PortchurnError): ErrorBody {
  const { code, message, hint, column } = error;
  return {
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(column === undefined ? {} : { column }),
  };
}

/** Anything unforeseen is INTERNAL, and its text stays in the log. */
export function asPortchurnError(error: unknown): PortchurnError {
  if (error instanceof PortchurnError) return error;
  return new PortchurnError('INTERNAL', 'the service failed; its log says why', { cause: error });
}

interface Refusal {
  headers: Record<string, string>;
  body: string;
}

function refusal(error: PortchurnError, asPage: boolean): Refusal {
  const page = asPage && error.code === 'UNAUTHORIZED';
  const body = page ? LOGIN_PAGE : `${JSON.stringify(errorBody(error))}\n`;
  const headers = {
    ...SECURITY_HEADERS,
    'content-type': page ? 'text/html; charset=utf-8' : 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    connection: 'close',
    ...(page ? { 'content-security-policy': LOGIN_POLICY } : {}),
    ...(error.code === 'UNAUTHORIZED' ? { 'www-authenticate': 'Bearer realm="portchurn"' } : {}),
    ...(error.code === 'METHOD_NOT_ALLOWED' ? { allow: 'GET, HEAD' } : {}),
    ...(error.code === 'UPGRADE_REQUIRED' ? { upgrade: 'websocket' } : {}),
  };
  return { headers, body };
}

/** Answers and closes the connection: whoever was refused may have sent a body that nobody read. */
export function refuse(request: IncomingMessage, response: ServerResponse, error: PortchurnError): void {
  const { headers, body } = refusal(error, (request.headers.accept ?? '').includes('text/html'));
  response.writeHead(error.status, headers).end(request.method === 'HEAD' ? undefined : body);
}

/** The same, where there is no response object. `method` is unknown when the request could not be parsed. */
export function refuseSocket(socket: Duplex, error: PortchurnError, method?: string): void {
  const { headers, body } = refusal(error, false);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const status = `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n`;
  socket.on('error', () => socket.destroy());
  const text = method === 'HEAD' ? '' : body;
  socket.end(`${status}${lines.join('')}\r\n${text}`, () => socket.destroy());
}
