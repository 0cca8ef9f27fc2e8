/**
 * HTTP to a service: one GET, errors in words. Enters: where the service is, a path. Leaves: parsed JSON, or a PortchurnError.
 * Called by remote.ts.
 */
import { isErrorCode, PortchurnError } from '../../protocol/errors.js';
import { MODES } from '../../protocol/frames.js';

export interface ServiceAddress {
  readonly url: string;
  readonly token: string | null;
}

const TIMEOUT_MS = 10_000;

export function authorization({ token }: ServiceAddress): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

/** Throws the service's own refusal, or SERVICE_UNREACHABLE. */
export async function get(service: ServiceAddress, path: string, timeoutMs = TIMEOUT_MS): Promise<unknown> {
  const { status, body } = await request(service, path, timeoutMs);
  if (status === 200) return body;
  throw refusal(service, status, body);
}

/** Null when a portchurn service that traces answers there, else why not. */
export async function probe(service: ServiceAddress, timeoutMs = TIMEOUT_MS): Promise<PortchurnError | null> {
  try {
    const { status, body } = await request(service, '/healthz', timeoutMs);
    const mode = (body as { mode?: unknown } | null)?.mode;
    if (status === 200 && MODES.some((known) => known === mode)) return null;
    return status === 200 ? stranger(service) : refusal(service, status, body);
  } catch (error) {
    if (error instanceof PortchurnError) return error;
    throw error;
  }
}

async function request(service: ServiceAddress, path: string, timeoutMs: number) {
  try {
    const response = await fetch(new URL(path, service.url), {
      headers: authorization(service),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, body: json(await response.text()) };
  } catch (cause) {
    throw unreachable(service, cause);
  }
}

/** Null for what is not JSON. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A refusal in the service's words; an answer that is not ours comes from somebody else. */
export function refusal(service: ServiceAddress, status: number, body: unknown): PortchurnError {
  const { code, message, column } = (body ?? {}) as { code?: unknown; message?: unknown; column?: number };
  if (!isErrorCode(code) || typeof message !== 'string') return stranger(service, status);
  const hint = code === 'UNAUTHORIZED' ? { hint: 'give the token of the service: --token-file F' } : {};
  return new PortchurnError(code, message, { ...hint, ...(column === undefined ? {} : { column }) });
}

function stranger({ url }: ServiceAddress, status = 200): PortchurnError {
  return new PortchurnError('NOT_FOUND', `what answers at ${url} is not portchurn (HTTP ${status})`);
}

/** `cause`: what fetch or ws threw. */
export function unreachable({ url }: ServiceAddress, cause: unknown): PortchurnError {
  const hint = 'start one with "portchurn serve", or trace without one: --standalone';
  return new PortchurnError('SERVICE_UNREACHABLE', `no answer from a service at ${url}: ${reason(cause)}`, {
    cause,
    hint,
  });
}

function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === 'TimeoutError') return 'timed out';
  const { code } = cause as { code?: string };
  return cause.cause === undefined ? (code ?? cause.message) : reason(cause.cause);
}
