/**
 * The two questions that are asked of Docker's or Podman's socket: which containers run, and what becomes of them. In: a path. Out: their names, by
 * ids. Never /containers/ID/json, which holds the environment. Only named keys are made into texts: a list holds the commands.
 */
import { type IncomingMessage, request } from 'node:http';
import type { ContainerFacts } from '../parse/container.js';
import { textsOf, textsOfEach, type Wanted } from './json-texts.js';
import { factsOf, LABELS } from './stores.js';

/** Of ten thousand containers. */
const LIST_BYTES = 16 << 20;
const EVENT_BYTES = 256 << 10;
const ID = /^[0-9a-f]{64}$/;
const NEWLINE = 0x0a;

const LISTED: Wanted = { Id: 'id', Names: 'name', Image: 'image', Labels: LABELS };
const HAPPENED: Wanted = { Actor: { ID: 'id', Attributes: { ...LABELS, name: 'name', image: 'image' } } };
/** Not those of exec, which hold a command. */
const FILTERS = encodeURIComponent(
  JSON.stringify({ type: ['container'], event: ['create', 'start', 'rename'] }),
);

/** Why there is no answer: an errno's name, `TIMEOUT`, `TOO_LARGE`, `NOT_JSON`, or `HTTP_500`. */
export class ApiError extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

export interface Asked {
  /** For all of a list, and until events begin. */
  readonly withinMs: number;
  readonly signal?: AbortSignal;
}

/** Hears of one container. */
export type Heard = (id: string, facts: ContainerFacts) => void;

/** All that run. Throws an ApiError. */
export async function listContainers(path: string, asked: Asked, heard: Heard): Promise<void> {
  const bytes = await within(asked, async (signal) => bodyOf(await get(path, '/containers/json', signal)));
  try {
    await textsOfEach(bytes, LISTED, (texts) => hear(texts, heard));
  } catch {
    throw new ApiError('NOT_JSON');
  } finally {
    bytes.fill(0);
  }
}

/**
 * Resolves when the daemon ends the answer. Throws an ApiError.
 * @param since Unix seconds; what has happened from then on is told too
 */
export async function followContainers(
  path: string,
  since: number,
  asked: Asked,
  heard: Heard,
): Promise<void> {
  const target = `/events?since=${since}&filters=${FILTERS}`;
  const stop = new AbortController();
  const signal = asked.signal === undefined ? stop.signal : AbortSignal.any([asked.signal, stop.signal]);
  const answer = await within({ ...asked, signal }, () => get(path, target, signal)).catch((error) => {
    stop.abort();
    throw error;
  });
  await eachLine(answer, (line) => hear(textsOf(line, HAPPENED), heard)).catch((error) => {
    answer.destroy();
    throw error instanceof SyntaxError ? new ApiError('NOT_JSON') : apiError(error);
  });
}

function hear(texts: ReadonlyMap<string, string>, heard: Heard): void {
  const id = texts.get('id') ?? '';
  const facts = ID.test(id) ? factsOf(texts) : null;
  if (facts !== null) heard(id, facts);
}

/** What takes longer is given up. */
async function within<T>({ withinMs, signal }: Asked, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), withinMs);
  try {
    return await Promise.race([
      work(signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])),
      new Promise<never>((_, reject) =>
        stop.signal.addEventListener('abort', () => reject(new ApiError('TIMEOUT'))),
      ),
    ]);
  } catch (error) {
    throw stop.signal.aborted ? new ApiError('TIMEOUT') : apiError(error);
  } finally {
    clearTimeout(timer);
  }
}

const apiError = (error: unknown): ApiError =>
  error instanceof ApiError ? error : new ApiError((error as NodeJS.ErrnoException).code ?? 'EIO');

function get(path: string, target: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { host: 'localhost' };
    const asking = request({ socketPath: path, path: target, headers, agent: false, signal }, (answer) => {
      if (answer.statusCode === 200) return resolve(answer);
      answer.destroy();
      reject(new ApiError(`HTTP_${answer.statusCode}`));
    });
    asking.on('error', reject);
    asking.end();
  });
}

async function bodyOf(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > LIST_BYTES) throw new ApiError('TOO_LARGE');
  }
  const whole = Buffer.concat(chunks);
  for (const chunk of chunks) chunk.fill(0);
  return whole;
}

async function eachLine(answer: IncomingMessage, one: (line: Buffer) => void): Promise<void> {
  let rest = Buffer.alloc(0);
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      if (end > 1) one(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
    }
    if (rest.length > EVENT_BYTES) throw new ApiError('TOO_LARGE');
  }
}
