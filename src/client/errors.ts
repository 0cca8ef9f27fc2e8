/**
 * Errors of a client as PortchurnError. In: a service's refusal, or what fetch and WebSocket failed with. Out: one error that
 * names the service, with the next step where the caller knows one.
 */
import { type ErrorCode, isErrorCode, PortchurnError } from '../protocol/errors.js';
import type { Loss } from './connection.js';

export interface ServiceAddress {
  /** Paths of the API are relative to it: behind a proxy's path it ends with a slash. */
  readonly url: string;
  /** What messages call it, where that is not the URL. */
  readonly shown?: string;
  /** Null: the service asks for none, or a cookie stands for it. */
  readonly token: string | null;
  /** The next step to show with an error of this code, in the words of the program that uses the client. */
  readonly hints?: Partial<Readonly<Record<ErrorCode, string>>>;
}

/** Characters of a refusal that are believed to be one. */
const LONGEST_MESSAGE = 1000;

const nameOf = ({ url, shown = url }: ServiceAddress): string => shown;

/** A refusal in the service's words; an answer of another shape comes from another program. */
export function refusal(service: ServiceAddress, status: number, body: unknown): PortchurnError {
  const { code, message, column } = (body ?? {}) as Partial<Record<'code' | 'message' | 'column', unknown>>;
  if (typeof code !== 'string' || !/^[A-Z_]{3,40}$/.test(code) || typeof message !== 'string')
    return stranger(service, status);
  const text = message.slice(0, LONGEST_MESSAGE);
  /* A newer service has reasons that this version does not know. */
  if (!isErrorCode(code)) return new PortchurnError('BAD_ANSWER', `${text} (${code})`);
  return new PortchurnError(code, text, {
    ...hintFor(service, code),
    ...(typeof column === 'number' ? { column } : {}),
  });
}

export function stranger(service: ServiceAddress, status = 200): PortchurnError {
  return new PortchurnError(
    'NOT_FOUND',
    `what answers at ${nameOf(service)} is not portchurn (HTTP ${status})`,
  );
}

/** `cause`: what fetch or WebSocket failed with. */
export function unreachable(service: ServiceAddress, cause: unknown): PortchurnError {
  const message = `no answer from a service at ${nameOf(service)}: ${reason(cause)}`;
  return new PortchurnError('SERVICE_UNREACHABLE', message, {
    cause,
    ...hintFor(service, 'SERVICE_UNREACHABLE'),
  });
}

export function lossError(service: ServiceAddress, loss: Loss): PortchurnError {
  switch (loss.kind) {
    case 'failed':
      return unreachable(service, loss.cause);
    case 'silent':
      return unreachable(service, 'it fell silent');
    case 'closed':
      return new PortchurnError(
        'SERVICE_UNREACHABLE',
        `the service closed the connection (code ${loss.code})`,
      );
  }
}

function hintFor({ hints }: ServiceAddress, code: ErrorCode): { hint?: string } {
  const hint = hints?.[code];
  return hint === undefined ? {} : { hint };
}

/** The innermost cause says most; Node gives it a code such as ECONNREFUSED. */
function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === 'TimeoutError') return 'timed out';
  const { code } = cause as { code?: string };
  return cause.cause === undefined ? (code ?? cause.message) : reason(cause.cause);
}
