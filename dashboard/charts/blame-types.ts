/** What the blame graph is made of: who holds or blocks ports, of which budgets, and where these lead. In: nothing. Out: types, and how much is shown. */

import type { barTone } from '../../src/view/tone.js';

/** Nodes of a column, beside the one for the rest. */
export const MOST_PROCESSES = 8;
export const MOST_BUDGETS = 6;
export const REST = 'rest';

export interface ProcessNode {
  id: string;
  text: string;
  ports: number;
  /** Ports that its bind() takes from every destination. */
  blocked: number;
  openPerSec: number;
  failPerSec: number;
  /** Key of its largest flow; null: none is known. */
  flow: string | null;
}

export interface BudgetNode {
  id: string;
  /** Where from. */
  text: string;
  /** Id of where it leads. */
  destination: string;
  used: number;
  blocked: number;
  limit: number | null;
  /** 0 to 1; null: not known, or of the rest. */
  level: number | null;
  tone: ReturnType<typeof barTone>;
  openPerSec: number;
}

export interface DestinationNode {
  id: string;
  text: string;
  openPerSec: number;
  /** The tightest budget toward it. */
  budget: string;
}

export interface Hold {
  process: string;
  budget: string;
  ports: number;
  /** Ports that bind() of the process takes from it. */
  blocked: number;
  openPerSec: number;
  /** Connects that found no port. */
  failPerSec: number;
}

/** A process whose connects find no port, and the one that has taken most of them. */
export interface Blame {
  victim: string;
  /** Null: not known. */
  taker: string | null;
  /** By bind(), not by connections. */
  isBlocker: boolean;
  budget: string;
  failPerSec: number;
}

export interface Graph {
  processes: ProcessNode[];
  budgets: BudgetNode[];
  destinations: DestinationNode[];
  holds: Hold[];
  blames: Blame[];
}
