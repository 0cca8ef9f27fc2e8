/**
 * Two services beside one client that is refused, one with --redact. In: how a service is started. Out: all that each says, on every surface, in
 * its log and to what `--on-incident` runs, by where it stands.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Scope } from './scope.js';
import type { Service } from './service.js';
import { type Asked, printedBy, said } from './surfaces.js';

/** To which the client connects; there is another one that refuses it. */
export const PORT = 9001;

export type Outputs = ReadonlyMap<string, string>;

export class Observed {
  private constructor(
    private readonly scope: Scope,
    readonly service: Service,
    private readonly hook: string,
  ) {}

  static async start(
    scope: Scope,
    begin: (...flags: string[]) => Promise<Service>,
    ...flags: string[]
  ): Promise<Observed> {
    const hook = join(scope.directory(), 'told');
    const service = await begin('--on-incident', `tee -a ${hook}`, '--log-level', 'debug', ...flags);
    return new Observed(scope, service, hook);
  }

  /** An incident is open by then: every surface has something to say. */
  async outputs({ commands = true } = {}): Promise<Outputs> {
    const { scope, service, hook } = this;
    const asked = await this.asked();
    const outputs = await said(scope, service, asked);
    if (commands) for (const [name, text] of await printedBy(service)) outputs.set(name, text);
    await service.process.until(() => read(hook).endsWith('\n'), 'run the program');
    return outputs.set('on-incident', read(hook)).set('log', service.process.stderr);
  }

  private async asked(): Promise<Asked> {
    const stream = await this.service.stream(this.scope);
    const incidents = stream.subscribe('incidents');
    await incidents.until(
      (rows) => rows.some(({ state, victims }) => state === 'open' && victims.length > 0),
      60_000,
    );
    const isOurs = ({ destination }: { destination: { port: number | null } }) => destination.port === PORT;
    const budget = await stream.subscribe('budgets').until((rows) => rows.find(isOurs));
    const flow = await stream
      .subscribe('flows', { filter: 'dir:out' })
      .until((rows) => rows.find((row) => isOurs(row) && row.process.exited === false));
    return { budget: budget.key, flow: flow.key };
  }
}

/** Where a text stands. */
export const having = (outputs: Outputs, text: string): string[] =>
  [...outputs].flatMap(([name, said]) => (said.includes(text) ? name : []));

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
