/**
 * The HTTP paths behind the gate: health, metrics, snapshot, history, port map, one flow, NDJSON stream, session, dashboard. In:
 * requests that passed the gate. Out: responses; every error as JSON `{code, message}`.
 */
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Logger } from 'pino';
import { PortchurnError } from '../../protocol/errors.js';
import {
  HISTORY_SECONDS,
  SESSION_PATH,
  STREAM_PATH,
  type Subscribe,
  type TableTopic,
  TOPICS,
} from '../../protocol/frames.js';
import type { TableQuery } from '../../protocol/table-query.js';
import { checkClientFrame } from '../../protocol/validate.js';
import { parseGroup, parseWhole } from '../../query/table-query.js';
import type { Hub } from '../hub.js';
import type { Metrics } from '../metrics/metrics.js';
import { NDJSON_HEADERS, streamLines } from '../stream/ndjson.js';
import { Answers } from './answers.js';
import { type Assets, respond } from './assets.js';
import { bytesOf, streamOf } from './body.js';
import { asPortchurnError, errorBody } from './error-response.js';
import type { Gate } from './gate.js';

export interface AppOptions {
  readonly hub: Hub;
  readonly gate: Gate;
  readonly assets: Assets;
  readonly metrics: Metrics;
  readonly log: Logger;
}

type Environment = { Bindings: HttpBindings };
type RequestContext = Context<Environment>;

const NO_STORE = { 'cache-control': 'no-store' };
const TABLE_PARAMETERS = ['topic', 'filter', 'sort', 'limit', 'group'];

export function createApp({ hub, gate, assets, metrics, log }: AppOptions): Hono<Environment> {
  const app = new Hono<Environment>();
  const answers = new Answers();
  app.get('/healthz', (c) => health(c, hub));
  app.get('/metrics', (c) => scrape(c, hub, metrics, answers));
  app.get('/api/v1/snapshot', (c) => snapshot(c, hub, answers));
  app.get('/api/v1/history', (c) => history(c, hub, answers));
  app.get('/api/v1/ports', (c) => ports(c, hub, answers));
  app.get('/api/v1/flow', (c) => flow(c, hub));
  app.get('/api/v1/change', (c) => change(c, hub));
  app.get('/api/v1/stream.ndjson', (c) => stream(c, hub));
  app.get(STREAM_PATH, () => {
    throw new PortchurnError('UPGRADE_REQUIRED', 'this path speaks WebSocket; for lines use stream.ndjson');
  });
  app.post(SESSION_PATH, (c) => session(c, gate));
  app.get('*', (c) => dashboardFile(c, assets));
  app.notFound((c) => errorResponse(c, new PortchurnError('NOT_FOUND', `there is no ${c.req.path}`)));
  app.onError((error, c) => errorResponse(c, error, log));
  return app;
}

function errorResponse(c: RequestContext, error: unknown, log?: Logger): Response {
  const known = asPortchurnError(error);
  if (known.code === 'INTERNAL') log?.error({ err: error, path: c.req.path }, 'a request failed');
  const headers = known.code === 'UPGRADE_REQUIRED' ? { ...NO_STORE, upgrade: 'websocket' } : NO_STORE;
  return c.json(errorBody(known), known.status as ContentfulStatusCode, headers);
}

function health(c: RequestContext, hub: Hub): Response {
  const { health } = hub;
  if (health === null) throw new PortchurnError('TRACER_STOPPED', 'the tracer has stopped');
  return c.json(health, 200, NO_STORE);
}

/** After the tracer has stopped the scrape fails, so that old numbers are not taken for new ones. */
async function scrape(c: RequestContext, hub: Hub, metrics: Metrics, answers: Answers): Promise<Response> {
  if (hub.health === null) throw new PortchurnError('TRACER_STOPPED', 'the tracer has stopped');
  hub.publishIfStale(Date.now());
  const text = await answers.give(c.env, () => metrics.text(), Buffer.byteLength);
  return c.body(text ?? '', 200, { ...NO_STORE, 'content-type': metrics.contentType });
}

async function snapshot(c: RequestContext, hub: Hub, answers: Answers): Promise<Response> {
  checkParameters(c, TABLE_PARAMETERS);
  const topics = (c.req.queries('topic') ?? []).map(tableTopic);
  const query = tableQueryOf(c);
  const texts = await answers.give(c.env, () => hub.snapshot(topics, query, Date.now()), bytesOf);
  return c.body(streamOf(texts ?? []), 200, { ...NO_STORE, 'content-type': 'application/json' });
}

async function history(c: RequestContext, hub: Hub, answers: Answers): Promise<Response> {
  if (!hub.hasHistory) throw new PortchurnError('NOT_FOUND', 'this service keeps no history');
  checkParameters(c, ['budget', 'seconds']);
  const { budget = null, seconds = String(HISTORY_SECONDS) } = c.req.query();
  const text = await answers.give(
    c.env,
    async () => historyText(hub, budget, historySeconds(seconds)),
    Buffer.byteLength,
  );
  return c.body(text ?? '', 200, { ...NO_STORE, 'content-type': 'application/json' });
}

function historyText(hub: Hub, budget: string | null, seconds: number): string {
  const body = hub.historyOf(budget, seconds, Date.now());
  if (body !== null) return JSON.stringify(body);
  throw new PortchurnError('NOT_FOUND', `there is no history of a budget "${budget}"`, {
    hint: 'keys are in /api/v1/snapshot?topic=budgets',
  });
}

function historySeconds(text: string): number {
  const seconds = parseWhole('seconds', text);
  if (seconds >= 1 && seconds <= HISTORY_SECONDS) return seconds;
  throw new PortchurnError('USAGE', `seconds is a whole number from 1 to ${HISTORY_SECONDS}`);
}

async function ports(c: RequestContext, hub: Hub, answers: Answers): Promise<Response> {
  checkParameters(c, ['budget']);
  const { budget = '' } = c.req.query();
  const text = await answers.give(c.env, () => hub.portMap(budget, Date.now()), Buffer.byteLength);
  return c.body(text ?? '', 200, { ...NO_STORE, 'content-type': 'application/json' });
}

function flow(c: RequestContext, hub: Hub): Response {
  checkParameters(c, ['key']);
  const key = c.req.query('key') ?? '';
  const body = hub.flowDetail(key, Date.now());
  if (body !== null) return c.json(body, 200, NO_STORE);
  throw new PortchurnError('NOT_FOUND', `there is no flow "${key}"`, {
    hint: 'keys are in /api/v1/snapshot?topic=flows',
  });
}

/** It only says how: nothing is changed. */
function change(c: RequestContext, hub: Hub): Response {
  checkParameters(c, ['budget', 'range', 'twReuse']);
  const { budget = '', range, twReuse } = c.req.query();
  const wanted = {
    range: range === undefined ? null : parseRange(range),
    twReuse: twReuse === undefined ? null : parseReuse(twReuse),
  };
  const body = hub.change(budget, wanted, Date.now());
  if (body !== null) return c.json(body, 200, NO_STORE);
  throw new PortchurnError('NOT_FOUND', `nothing to change for a budget "${budget}"`, {
    hint: 'keys are in /api/v1/snapshot?topic=budgets; what is set already is no change',
  });
}

function parseReuse(text: string): number {
  const value = parseWhole('twReuse', text);
  if (value <= 2) return value;
  throw new PortchurnError('USAGE', 'twReuse is 0, 1 or 2');
}

/** Of ports that need no privilege, as in ip_local_port_range. */
function parseRange(text: string): [number, number] {
  const [low = 0, high = 0] = (/^(\d{1,5})-(\d{1,5})$/.exec(text) ?? []).slice(1).map(Number);
  if (low >= 1024 && low < high && high <= 65_535) return [low, high];
  throw new PortchurnError('USAGE', 'range is LOW-HIGH, 1024 to 65535');
}

/** Each topic is one subscription, named after it. */
function stream(c: RequestContext, hub: Hub): Response {
  checkParameters(c, [...TABLE_PARAMETERS, 'budget', 'intervalMs']);
  const topics = c.req.queries('topic') ?? hub.tables.topics;
  const subscriptions = [...new Set(topics)].map((topic) => subscription(c, topic));
  if (c.req.method === 'HEAD') return c.body(null, 200, NDJSON_HEADERS);
  streamLines(hub, c.env.outgoing, subscriptions);
  return RESPONSE_ALREADY_SENT;
}

function subscription(c: RequestContext, topic: string): Subscribe {
  const { intervalMs: interval, budget } = c.req.query();
  const pace = interval === undefined ? {} : { intervalMs: parseWhole('intervalMs', interval) };
  const about = budget === undefined ? {} : { budget };
  const query = { ...tableQueryOf(c), ...about, ...pace };
  return checkClientFrame({ type: 'subscribe', sub: topic, topic, ...query }) as Subscribe;
}

function session(c: RequestContext, gate: Gate): Response {
  const { cookie } = gate;
  return c.body(null, 204, cookie === null ? NO_STORE : { ...NO_STORE, 'set-cookie': cookie });
}

function dashboardFile(c: RequestContext, assets: Assets): Response | Promise<Response> {
  const asset = assets.get(c.req.path);
  if (asset) return respond(asset, c.req.header('if-none-match'));
  if (c.req.path !== '/') return c.notFound();
  throw new PortchurnError('NOT_FOUND', 'the dashboard was not built', { hint: 'npm run build' });
}

function tableQueryOf(c: RequestContext): TableQuery {
  const { filter, sort, limit, group } = c.req.query();
  return {
    ...(filter === undefined ? {} : { filter }),
    ...(sort === undefined ? {} : { sort }),
    ...(limit === undefined ? {} : { limit: parseWhole('limit', limit) }),
    ...(group === undefined ? {} : { group: parseGroup(group) }),
  };
}

/** A misspelt parameter is refused: ignored, it would silently answer another question. */
function checkParameters(c: RequestContext, known: readonly string[]): void {
  const unknown = Object.keys(c.req.query()).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new PortchurnError('USAGE', `no parameter "${unknown}": there are ${known.join(', ')}`);
}

function tableTopic(text: string): TableTopic {
  if (text === 'events') {
    throw new PortchurnError('UNKNOWN_TOPIC', 'events are a stream, not a table: use stream.ndjson');
  }
  if (text === 'ports') {
    throw new PortchurnError('UNKNOWN_TOPIC', 'ports are a map of one budget: use /api/v1/ports');
  }
  const topic = TOPICS.find((name) => name === text);
  if (topic) return topic as TableTopic;
  throw new PortchurnError('UNKNOWN_TOPIC', `topic is one of ${TOPICS.join(', ')}`);
}
