/**
 * How much a regular expression will cost, before it is compiled: compiling some takes seconds. In: a pattern. Out: an upper
 * bound of its program's instructions, in which large classes count many times; beyond `enough` it stops counting.
 * docs/decisions/filter-cost.md
 */

/** A Unicode class has hundreds of ranges, each of which is looked at while compiling. */
const UNICODE_CLASS = 50;
/** A range beyond Latin-1 may be folded character by character. */
const WIDE_CLASS = 200;
const REPEAT = /\{(\d{1,9})(?:,(\d{0,9}))?\}/y;
const QUOTED = /\\Q(.*?)(?:\\E|$)/sy;
/** One escape; `\p{…}` and `\x{…}` reach to their brace. */
const ESCAPE = /\\(?:[pP]\{[^}]*\}?|[pP].?|x\{[^}]*\}?|.?)/sy;
/** Flags alone: a repeat behind them repeats what is before them. */
const FLAGS = /\(\?[a-zA-Z-]*\)/y;
/** One class. A bracket right at its start, an escaped one and one in `[:name:]` do not end it. */
const CLASS = /\[\^?\]?(?:\\[\s\S]|\[:\^?\w*:\]|[^\]\\])*\]?/y;

export function patternCost(pattern: string, enough: number): number {
  return new Counter(pattern, enough).total;
}

class Counter {
  /** Costs of the groups that are open, outermost first. */
  readonly #open = [0];
  /** Of the last atom: what a repeat behind it repeats. */
  #last = 0;

  constructor(
    private readonly pattern: string,
    enough: number,
  ) {
    for (let at = 0; at < pattern.length && this.total <= enough; ) at = this.#next(at);
  }

  get total(): number {
    return this.#open.reduce((sum, cost) => sum + cost, 0);
  }

  /** Counts what begins at `at`; where the next begins. */
  #next(at: number): number {
    const char = this.pattern[at];
    if (char === '\\') return this.#escape(at);
    if (char === '[') return this.#take(at, CLASS, (text) => this.#atom(classCost(text)));
    if (char === '{') return this.#take(at, REPEAT, (_, min, max) => this.#repeat(min, max));
    FLAGS.lastIndex = at;
    if (FLAGS.test(this.pattern)) return FLAGS.lastIndex;
    if (char === '(') this.#open.push(3);
    else if (char === ')' && this.#open.length > 1) this.#atom(this.#open.pop() ?? 0);
    else if (char === '*' || char === '+' || char === '?') this.#repeat('1', '');
    else this.#atom(char === '|' ? 2 : 1);
    return at + 1;
  }

  #escape(at: number): number {
    QUOTED.lastIndex = at;
    if (QUOTED.test(this.pattern)) return this.#take(at, QUOTED, (text) => this.#quoted(text.length));
    return this.#take(at, ESCAPE, (text) => this.#atom(/^\\p/i.test(text) ? UNICODE_CLASS : 1));
  }

  /** Of quoted text only the last character is repeated. */
  #quoted(length: number): void {
    this.#add(length);
    this.#last = 1;
  }

  /** What does not look as expected is one character. */
  #take(at: number, shape: RegExp, count: (text: string, ...groups: (string | undefined)[]) => void): number {
    shape.lastIndex = at;
    const match = shape.exec(this.pattern);
    if (match) count(match[0], ...match.slice(1));
    else this.#atom(1);
    return at + (match?.[0].length ?? 1);
  }

  #atom(cost: number): void {
    this.#add(cost);
    /* `a*{3}` is refused, but `(a*){3}` is not: there the star is in the group's cost. */
    this.#last = cost;
  }

  /** `{n}` repeats the atom; what may be left out is a branch each. */
  #repeat(min = '1', max?: string): void {
    const least = Number(min);
    const times = Math.max(1, least, Number(max ?? 0));
    const branches = max === undefined ? 0 : Math.max(1, times - least);
    const cost = this.#last * (times - 1) + branches;
    this.#add(cost);
    this.#last += cost;
  }

  #add(cost: number): void {
    const innermost = this.#open.length - 1;
    this.#open[innermost] = (this.#open[innermost] ?? 0) + cost;
  }
}

function classCost(text: string): number {
  const unicode = text.match(/\\p/gi)?.length ?? 0;
  const wide = /\\x\{|[^\0-\x7f]/.test(text) ? WIDE_CLASS : 0;
  return 1 + unicode * UNICODE_CLASS + wide + (text.length >> 3);
}
