/**
 * An error over HTTP: JSON `{code, message}`, or for a browser without a token the login page. In: an error. Out: a
 * response, or the same bytes on a bare socket when an upgrade or the parsing of a request failed.
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { PortchurnError } from '../../protocol/errors.js';
import type { ErrorBody } from '../../protocol/frames.js';
import { LOGIN_PAGE, LOGIN_POLICY } from './login-page.js';

/** On every response. A page may load things from this service only, and no other page may frame it. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'x-frame-options': 'DENY',
};

export function errorBody(error: PortchurnError): ErrorBody {
  const { code, message, hint, column } = error;
  return {
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(column === undefined ? {} : { column }),
  };
}

/** Any other error becomes INTERNAL, and its text stays in the log. */
export function asPortchurnError(error: unknown): PortchurnError {
  if (error instanceof PortchurnError) return error;
  return new PortchurnError('INTERNAL', 'the service failed; its log says why', { cause: error });
}

interface ErrorResponse {
  headers: Record<string, string>;
  body: string;
}

function errorResponse(error: PortchurnError, asPage: boolean): ErrorResponse {
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

/** Answers and closes the connection: the request may have a body, which is not read. */
export function refuse(request: IncomingMessage, response: ServerResponse, error: PortchurnError): void {
  const { headers, body } = errorResponse(error, (request.headers.accept ?? '').includes('text/html'));
  response.writeHead(error.status, headers).end(request.method === 'HEAD' ? undefined : body);
}

/** The same without a response object. `method` is unknown when the request could not be parsed. */
export function refuseSocket(socket: Duplex, error: PortchurnError, method?: string): void {
  const { headers, body } = errorResponse(error, false);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const status = `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n`;
  socket.on('error', () => socket.destroy());
  const text = method === 'HEAD' ? '' : body;
  socket.end(`${status}${lines.join('')}\r\n${text}`, () => socket.destroy());
}
