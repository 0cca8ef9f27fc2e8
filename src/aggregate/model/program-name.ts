/**
 * What a process is called, on every surface: the script first, else what it was called by. The only place where that is
 * decided. In: what is known of a process. Out: its names. With `redact` scripts become numbers, in the order in which they
 * were first seen: "python3 #1".
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { type Command, calledName } from '../../system/parse/command.js';

export interface Named {
  readonly exe: string | null;
  readonly comm: string | null;
  readonly command: Command;
}

export interface Names {
  /** "orders.py", "redis-server"; null: nothing is known. */
  readonly name: string | null;
  /** "python3", where `name` is the script's. */
  readonly interpreter: string | null;
  /** As it was given, or a hash of that. */
  readonly script: string | null;
  readonly comm: string | null;
  /** What the file was called by. */
  readonly called: string | null;
}

/** Equal for equal parts, of which null equals nothing but null. Of fixed length, however long they are. */
export function identityOf(...parts: readonly (string | null)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

/** "curl (loop.sh)" */
export function nameWithParent(name: string, parent: string | null): string {
  return parent === null ? name : `${name} (${parent})`;
}

/** Scripts that have a number of their own. */
const MOST_NUMBERS = 5000;
/** Programs given as an argument, of one interpreter: a loop that writes each call anew stays one program. */
const MOST_INLINE = 64;
const HASH_DIGITS = 12;

export class Namer {
  /** Drawn at the start: nobody can try out names. */
  private readonly secret = randomBytes(32);
  /** By interpreter and hash. */
  private readonly numbers = new Map<string, number>();
  private readonly last = new Map<string, number>();

  constructor(private readonly redact: boolean) {}

  namesOf({ exe, comm, command }: Named): Names {
    const called = calledName(exe, comm, command.calledAs, !this.redact);
    const inline = this.inlineOf(called, command);
    if (inline !== null)
      return {
        name: `${called} ${inline}`,
        interpreter: null,
        script: inline,
        comm: this.redact ? called : comm,
        called,
      };
    const script = command.script === null ? null : this.shown(command.script);
    if (this.redact) return { ...this.hidden(called, script), comm: called, script, called };
    const isScript = command.label !== null;
    return { name: command.label ?? called, interpreter: isScript ? called : null, script, comm, called };
  }

  /** "-c #1" */
  private inlineOf(called: string | null, { inline }: Command): string | null {
    if (called === null || inline === null) return null;
    const group = `${called} ${inline.option}`;
    const number = this.known(group, inline.hash) ?? this.next(group, inline.hash, MOST_INLINE);
    return number === null ? null : `${inline.option} #${number}`;
  }

  private shown(script: string): string {
    if (!this.redact) return script;
    return `#${createHmac('sha256', this.secret).update(script).digest('hex').slice(0, HASH_DIGITS)}`;
  }

  private hidden(called: string | null, script: string | null): Pick<Names, 'name' | 'interpreter'> {
    if (script === null) return { name: called, interpreter: null };
    return { name: `${called ?? 'script'} ${this.numberOf(called ?? '', script)}`, interpreter: null };
  }

  private numberOf(called: string, script: string): string {
    const number = this.known(called, script) ?? this.next(called, script, MOST_NUMBERS);
    return number === null ? script : `#${number}`;
  }

  private known(group: string, script: string): number | null {
    return this.numbers.get(`${group}\0${script}`) ?? null;
  }

  /** Null: there are too many. */
  private next(group: string, script: string, most: number): number | null {
    const number = (this.last.get(group) ?? 0) + 1;
    if (number > most || this.numbers.size >= MOST_NUMBERS) return null;
    this.last.set(group, number);
    this.numbers.set(`${group}\0${script}`, number);
    return number;
  }
}
