/**
 * Who held the ports of one budget, second by second: programs, because processes come and go. In: once a second, what each holds.
 * Out: columns. Bounded: MAX_OWNERS columns of BYTES_PER_OWNER, each made when it is first needed. A program that comes to the top takes the
 * column of the one that holds least; what that held is then, like all that has no column, what is left of the whole.
 */
import type { AnnotationSubject } from '../../protocol/history.js';
import { HISTORY_SECONDS } from '../../protocol/names.js';

export const MAX_OWNERS = 8;
/** Those that hold most in a second are sure of a column: fewer than there are, so that the others are not rewritten each second. */
const TOP = 5;

export const BYTES_PER_OWNER = HISTORY_SECONDS * Uint16Array.BYTES_PER_ELEMENT;

export interface Holding {
  ports: number;
  /** For filters. */
  readonly about: AnnotationSubject;
}
/** By the name of a program; empty: nobody knows whose. */
export type Holdings = ReadonlyMap<string, Holding>;

export interface OwnerCells {
  readonly program: string;
  readonly about: AnnotationSubject;
  readonly cells: Uint16Array;
}

interface Band extends OwnerCells {
  program: string;
  about: AnnotationSubject;
  /** What it held last. */
  ports: number;
}

const NOBODY: Holdings = new Map();

export class Owners {
  private bands: Band[] = [];

  clear(): void {
    this.bands = [];
  }

  /** Called for each second in which the budget is recorded: a slot holds what the second before it left there. */
  write(second: number, holdings: Holdings = NOBODY): void {
    const top = [...holdings].sort(([, a], [, b]) => b.ports - a.ports).slice(0, TOP);
    for (const band of this.bands) band.ports = holdings.get(band.program)?.ports ?? 0;
    for (const [program, holding] of top) this.admit(program, holding);
    for (const { cells, ports } of this.bands) cells[second % HISTORY_SECONDS] = ports;
  }

  all(): readonly OwnerCells[] {
    return this.bands;
  }

  private admit(program: string, { ports, about }: Holding): void {
    if (this.bands.some((band) => band.program === program)) return;
    if (this.bands.length < MAX_OWNERS) {
      this.bands.push({ program, about, ports, cells: new Uint16Array(HISTORY_SECONDS) });
      return;
    }
    const least = this.bands.reduce((a, b) => (b.ports < a.ports ? b : a));
    /* Among equals nobody gives way: they would take turns. */
    if (least.ports >= ports) return;
    Object.assign(least, { program, about, ports });
    least.cells.fill(0);
  }
}
