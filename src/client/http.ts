/**
 * The HTTP half of the protocol. In: where the service is, a query. Out: typed bodies, or a PortchurnError.
 */
import type { FlowDetail } from '../protocol/detail.js';
import { PortchurnError } from '../protocol/errors.js';
import type { SnapshotBody, TableTopic } from '../protocol/frames.js';
import type { HealthBody } from '../protocol/health.js';
import type { HistoryBody } from '../protocol/history.js';
import { MODES } from '../protocol/names.js';
import type { Remedy } from '../protocol/rows.js';
import type { WantedSettings } from '../protocol/source.js';
import type { TableQuery } from '../protocol/table-query.js';
import { refusal, type ServiceAddress, stranger, unreachable } from './errors.js';
import { parseJson } from './json.js';

const TIMEOUT_MS = 10_000;
/** Browsers keep answers unless they are asked not to; Node's types do not know the option. */
const FRESH = { cache: 'no-store' } as object;

export interface TopicQuery<T extends TableTopic = TableTopic> extends TableQuery {
  readonly topic: T;
}

export interface Answer {
  readonly status: number;
  /** Null: it is not JSON. */
  readonly body: unknown;
}

export interface RequestOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Only where no token goes along, which another host could get. */
  readonly followRedirects?: true;
}

type Parameters = Readonly<Record<string, string | number | undefined>>;

export function authorization({ token }: ServiceAddress): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

/** The part of fetch() that is used here. */
export type Fetcher = (url: URL, init: RequestInit) => Promise<Pick<Response, 'status' | 'text'>>;

export class HttpClient {
  constructor(
    private readonly service: ServiceAddress,
    private readonly fetcher: Fetcher = (...words) => fetch(...words),
  ) {}

  /** One table. */
  async snapshot(query: TopicQuery, options?: RequestOptions): Promise<SnapshotBody> {
    return (await this.#get('api/v1/snapshot', { ...query }, options)) as SnapshotBody;
  }

  /** Partial: an older service does not say everything. */
  async health(options?: RequestOptions): Promise<Partial<HealthBody>> {
    return (await this.#get('healthz', {}, options)) as Partial<HealthBody>;
  }

  /** `budget`: its key, null for the totals. Null: the service knows no such budget (any more). */
  async history(
    budget: string | null,
    seconds: number,
    options?: RequestOptions,
  ): Promise<HistoryBody | null> {
    const parameters = { budget: budget ?? undefined, seconds };
    const answer = await this.request('api/v1/history', parameters, options);
    return answer.status === 404 ? null : (this.#body(answer) as HistoryBody);
  }

  /** How to set these, with undo. Null: the service knows no such budget (any more), or nothing would change. */
  async change(budget: string, wanted: WantedSettings, options?: RequestOptions): Promise<Remedy | null> {
    const parameters = {
      budget,
      range: wanted.range?.join('-'),
      twReuse: wanted.twReuse === null ? undefined : String(wanted.twReuse),
    };
    const answer = await this.request('api/v1/change', parameters, options);
    return answer.status === 404 ? null : (this.#body(answer) as Remedy);
  }

  async flowDetail(key: string, options?: RequestOptions): Promise<FlowDetail> {
    return (await this.#get('api/v1/flow', { key }, options)) as FlowDetail;
  }

  /** Null when a portchurn service that traces answers there, else the reason why not. */
  async probe(options?: RequestOptions): Promise<PortchurnError | null> {
    try {
      const { status, body } = await this.request('healthz', {}, options);
      const mode = (body as { mode?: unknown } | null)?.mode;
      if (status === 200 && MODES.some((known) => known === mode)) return null;
      return status === 200 ? stranger(this.service) : refusal(this.service, status, body);
    } catch (error) {
      if (error instanceof PortchurnError) return error;
      throw error;
    }
  }

  /** Any answer, whatever its status. Throws SERVICE_UNREACHABLE. Parameters without a value or empty are left out. */
  async request(path: string, parameters: Parameters = {}, options: RequestOptions = {}): Promise<Answer> {
    const timeout = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
    try {
      const response = await this.fetcher(this.#url(path, parameters), {
        headers: authorization(this.service),
        redirect: options.followRedirects ? 'follow' : 'error',
        ...FRESH,
        signal: options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]),
      });
      return { status: response.status, body: parseJson(await response.text()) };
    } catch (cause) {
      if (cause instanceof PortchurnError) throw cause;
      throw unreachable(this.service, timeout.aborted ? timeout.reason : cause);
    }
  }

  /** Throws the service's own refusal, or SERVICE_UNREACHABLE. */
  async #get(path: string, parameters: Parameters, options?: RequestOptions): Promise<unknown> {
    return this.#body(await this.request(path, parameters, options));
  }

  #body({ status, body }: Answer): unknown {
    if (status === 200) return body;
    throw refusal(this.service, status, body);
  }

  #url(path: string, parameters: Parameters): URL {
    const url = new URL(path, this.service.url);
    for (const [name, value] of Object.entries(parameters))
      if (value !== undefined && value !== '') url.searchParams.set(name, String(value));
    return url;
  }
}
