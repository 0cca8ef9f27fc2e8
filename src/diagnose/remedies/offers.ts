/**
 * All that is known to say about remedies of one incident, in this second: of its findings, of its destination, and what does not help.
 * In: an account of it, the candidates of its findings, the tables. Out: offers, in the order of their roles. Pure.
 */

import type { IncidentRemedy } from '../../protocol/rows.js';
import { totalsOf } from '../churn-severity.js';
import type { ActorIndex } from '../incidents/actor-index.js';
import type { Account } from '../incidents/incident.js';
import type { Advice, Candidate, Cure, Setting, Tables } from '../types.js';
import { destinationAid } from './destination.js';
import { heldBy } from './holding.js';
import { type Demand, settled } from './settles.js';
import { type Refusal, willNotHelp } from './will-not-help.js';

export interface Offer {
  /** The same from second to second, whatever its figures. */
  readonly topic: string;
  readonly remedy: IncidentRemedy;
  /** Of a change of settings. */
  readonly settings: readonly Setting[];
  /** Among those of its role, the least first: what ends the cause, then headroom; whichever was found first. */
  readonly order: number;
}

export interface Place {
  readonly tables: Tables;
  readonly actors: ActorIndex;
}

const NOTHING: Omit<IncidentRemedy, 'role' | 'text'> = {
  command: null,
  undo: null,
  effect: null,
  settlesAt: null,
  reason: null,
  snippet: null,
  language: null,
};

/** @param candidates of its findings, the one that speaks for it first */
export function offersOf(
  account: Account,
  candidates: readonly Candidate[],
  { tables, actors }: Place,
): Offer[] {
  const { row, budget } = account;
  const totals = totalsOf(tables, row.netnsId);
  const takers = budget === null ? [] : actors.of(budget);
  const held = heldBy(budget, takers);
  const demand: Demand = { budget, totals, actors: takers, held };
  const [who] = [...row.victims, ...row.culprits];
  const aid = destinationAid(row, who?.process, tables);
  const neighbours = () => tables.actors.filter(({ netnsId }) => netnsId === row.netnsId);
  const refused = willNotHelp({ row, budget, held, totals, neighbours });
  const topics = new Set(refused.map(({ text }) => text));
  const ofFindings = <T>(of: (one: Candidate) => readonly T[]) =>
    candidates.flatMap((one) => inOrder(of(one), one.priority));
  const cures = [...inOrder(aid.cures, 0), ...ofFindings(({ fixForGood }) => fixForGood)];
  const advice = aid.doNow.length > 0 ? inOrder(aid.doNow, 0) : ofFindings(({ doNow }) => doNow);
  return [
    ...cures.map(([one, order]) => cureOffer(one, order, demand)),
    ...advice
      .map(([one, order]) => adviceOffer(one, order, demand))
      .filter(({ topic }) => !topics.has(topic)),
    ...refused.map(refusalOffer),
  ];
}

/** More than a finding has remedies. */
const PLACES = 1000;

/** Each with its order: causes before effects, and of one finding as that has them. */
const inOrder = <T>(all: readonly T[], priority: number): [T, number][] =>
  all.map((one, i) => [one, priority * PLACES + i]);

/** What gives room ends nothing: it is behind all others, whichever finding has it, the setting of the range before more addresses. */
const RANGE = 'ip_local_port_range';
const HEADROOM = { range: 1000 * PLACES, addresses: 1001 * PLACES } as const;

/** A code example says what it is about; a sentence does, figures aside. */
function cureOffer(cure: Cure, order: number, demand: Demand): Offer {
  const { text, snippet, language, change, headroom } = cure;
  const { settlesAt } = settled(demand, change);
  const remedy = { ...NOTHING, role: 'fix-for-good' as const, text, snippet, language, settlesAt };
  const place = headroom === undefined ? order : HEADROOM[headroom];
  return { topic: topicOf(remedy), remedy, settings: [], order: place };
}

function adviceOffer(advice: Advice, order: number, demand: Demand): Offer {
  const { text, command, undo, effect, persistence, change, settings = [] } = advice;
  const { settlesAt, words } = settled(demand, change);
  const parts = [effect === null ? null : `${effect}${words}`, persistence].filter((part) => part !== null);
  const remedy = {
    ...NOTHING,
    role: 'do-now' as const,
    text,
    command,
    undo,
    effect: parts.length === 0 ? null : parts.join(' '),
    settlesAt,
    snippet: advice.snippet ?? null,
    language: advice.language ?? null,
  };
  const name = settings.at(-1)?.name;
  const place = name === RANGE ? HEADROOM.range : order;
  return { topic: name ?? withoutFigures(text), remedy, settings, order: place };
}

function refusalOffer({ text, reason }: Refusal, order: number): Offer {
  return { topic: text, remedy: { ...NOTHING, role: 'will-not-help', text, reason }, settings: [], order };
}

/** What an earlier run of the service offered: the same topics, of which it is not known what they would set. @param order its place then */
export const savedOffer = (remedy: IncidentRemedy, order: number): Offer => ({
  topic: topicOf(remedy),
  remedy,
  settings: [],
  order,
});

/** What it is about as far as the remedy itself says it: of a setting, the last one that its command changes or that is done. */
function topicOf({ role, text, snippet, command }: IncidentRemedy): string {
  if (role === 'fix-for-good') return `cure ${withoutFigures(snippet ?? text)}`;
  if (role === 'will-not-help') return text;
  const settings = [...(command ?? text).matchAll(/\bnet\.ipv4\.(\w+)/g)];
  return settings.at(-1)?.[1] ?? withoutFigures(text);
}

const withoutFigures = (text: string) => text.replaceAll(/[\d.,]+/g, '#');
