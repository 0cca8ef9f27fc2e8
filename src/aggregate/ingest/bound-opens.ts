/**
 * Where bind() before connect() leads: a bind() that finds no port does not say for which destination it was. In: connections that opened
 * with a port that bind() had chosen. Out: the flow and the budget that such a bind() was for, most likely: its process's last one, else the
 * last one of its program, else of its pool. Bounded.
 */
import type { Budget } from '../model/budget.js';
import type { Flow } from '../model/flow.js';
import type { Namespace } from '../model/namespace.js';
import type { Owner } from '../model/owner.js';

/** Source addresses of one namespace that are remembered. */
const MOST_SOURCES = 64;
const ANY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::', '']);
/** The place of the last one, whatever its source. */
const LAST = '';

/** The last connection of its kind. */
interface Open {
  readonly flow: Flow;
  readonly budget: Budget;
}

export interface Wanted {
  /** Null: no flow of its process or program is known. */
  readonly flow: Flow | null;
  readonly budget: Budget;
}

export class BoundOpens {
  private readonly byOwner = new WeakMap<Owner, Open>();
  private readonly bySource = new WeakMap<Namespace, Map<string, Open>>();

  note(flow: Flow, budget: Budget): void {
    const known = this.byOwner.get(flow.owner);
    const open = known?.flow === flow && known.budget === budget ? known : { flow, budget };
    if (open !== known) this.byOwner.set(flow.owner, open);
    const sources = this.sourcesOf(flow.namespace);
    if (sources.size >= MOST_SOURCES && !sources.has(budget.source)) sources.clear();
    sources.set(budget.source, open).set(LAST, open);
  }

  /** Null: nobody has bound from there and connected. @param source as bind() was given it */
  wanted(namespace: Namespace, owner: Owner, source: string): Wanted | null {
    const isAny = ANY_ADDRESS.has(source);
    const own = this.byOwner.get(owner);
    if (own !== undefined && isLeft(own) && own.flow.namespace === namespace)
      if (isAny || own.budget.source === source) return { flow: own.flow.current, budget: own.budget };
    const last = this.bySource.get(namespace)?.get(isAny ? LAST : source);
    if (last === undefined || !isLeft(last)) return null;
    const flow = last.flow.current;
    const name = owner.programName();
    return { flow: name !== null && flow.owner.programName() === name ? flow : null, budget: last.budget };
  }

  private sourcesOf(namespace: Namespace): Map<string, Open> {
    const known = this.bySource.get(namespace) ?? new Map<string, Open>();
    this.bySource.set(namespace, known);
    return known;
  }
}

/** Something holds a port of it. */
const isLeft = ({ budget }: Open) => budget.pins > 0;
