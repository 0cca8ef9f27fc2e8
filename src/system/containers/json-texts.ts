/**
 * A few texts out of a JSON file that also holds secrets. In: bytes, and paths of keys. Out: the texts at these paths. Pure. No other value is
 * made into a string: JSON.parse would put a container's environment and its command on the heap. A long list is read in slices.
 */
import { inSlices } from '../slices.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d];
const [COMMA, COLON] = [0x2c, 0x3a];
const BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
const MAX_DEPTH = 64;

/** What is wanted at and below a place: a name to file the text under, or the keys below it. */
export interface Wanted {
  readonly [key: string]: string | Wanted;
}

/** One element of a list is read at once: none may hold up the event loop. A longer one has no texts. */
const ELEMENT_BYTES = 256 << 10;
/** Looked through at once. */
const PIECE_BYTES = 64 << 10;

type Heard = (texts: ReadonlyMap<string, string>) => void;

/**
 * Tells the texts of each object of a list. What is no object has none. Rejects with a SyntaxError for what is no list, which may be found after
 * its beginning was told. Resolves with the processor time that it took, ms.
 */
export function textsOfEach(json: Buffer, wanted: Wanted, heard: Heard): Promise<number> {
  return inSlices(eachOf(json, wanted, heard));
}

function* eachOf(json: Buffer, wanted: Wanted, heard: Heard): Generator<void> {
  const elements = new Elements(json);
  for (let end = elements.next(); end !== 'end'; end = elements.next()) {
    const { element } = elements;
    if (end === 'element' && element.length <= ELEMENT_BYTES) heard(textsOf(element, wanted));
    yield;
  }
}

/** Where the elements of a list begin and end; what is in them is not looked at. */
class Elements {
  /** The last one, with blanks around it. */
  element: Buffer;
  private at: number;
  private begin: number;
  private depth = 0;
  private isText = false;

  constructor(private readonly json: Buffer) {
    this.at = 0;
    while (BLANKS.has(json[this.at] ?? -1)) this.at += 1;
    if (json[this.at] !== OPEN_ARRAY) throw new SyntaxError('no list');
    this.at += 1;
    this.begin = this.at;
    this.element = json.subarray(0, 0);
  }

  /** After a piece: nothing has ended in it. */
  next(): 'element' | 'piece' | 'end' {
    if (this.at < 0) return 'end';
    const stop = this.at + PIECE_BYTES;
    for (; this.at < stop; this.at++) if (this.ends()) return this.take();
    return 'piece';
  }

  /** An element, or the list, ends at this byte. */
  private ends(): boolean {
    const byte = this.json[this.at];
    if (byte === undefined) throw new SyntaxError('a list without end');
    if (this.isText) {
      if (byte === BACKSLASH) this.at += 1;
      else this.isText = byte !== QUOTE;
    } else if (byte === QUOTE) this.isText = true;
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.depth += 1;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) this.depth -= 1;
    return this.depth < 0 || (this.depth === 0 && byte === COMMA && !this.isText);
  }

  private take(): 'element' | 'end' {
    const [isEnd, begin, end] = [this.depth < 0, this.begin, this.at];
    if (isEnd && this.json[end] !== CLOSE_ARRAY) throw new SyntaxError('a list that a brace ends');
    this.element = this.json.subarray(begin, end);
    const isFirst = this.json[begin - 1] === OPEN_ARRAY;
    this.begin = end + 1;
    this.at = isEnd ? -1 : end + 1;
    return isEnd && isFirst && this.element.every((byte) => BLANKS.has(byte)) ? 'end' : 'element';
  }
}

/** By the names of `wanted`; of a list of texts the first. What is no text, or not there, is left out. Throws a SyntaxError for what is no JSON. */
export function textsOf(json: Buffer, wanted: Wanted): Map<string, string> {
  const reader = new Reader(json);
  reader.value(wanted, 0);
  return reader.found;
}

class Reader {
  found = new Map<string, string>();
  private at = 0;
  constructor(private readonly json: Buffer) {}

  value(wanted: string | Wanted | undefined, depth: number): void {
    if (depth > MAX_DEPTH) throw new SyntaxError('nested too deeply');
    const byte = this.peek();
    if (byte === QUOTE) this.text(wanted);
    else if (byte === OPEN_OBJECT) this.members(typeof wanted === 'object' ? wanted : {}, depth);
    else if (byte === OPEN_ARRAY) this.elements(wanted, depth);
    else this.bare();
  }

  private text(wanted: string | Wanted | undefined): void {
    const raw = this.string();
    if (typeof wanted === 'string') this.found.set(wanted, decoded(raw));
  }

  private members(wanted: Wanted, depth: number): void {
    this.each(CLOSE_OBJECT, () => {
      const key = decoded(this.string());
      if (this.peek() !== COLON) throw new SyntaxError('a key without a value');
      this.at += 1;
      this.value(Object.hasOwn(wanted, key) ? wanted[key] : undefined, depth + 1);
    });
  }

  private elements(wanted: string | Wanted | undefined, depth: number): void {
    let next = typeof wanted === 'string' ? wanted : undefined;
    this.each(CLOSE_ARRAY, () => {
      this.value(next, depth + 1);
      next = undefined;
    });
  }

  private each(close: number, one: () => void): void {
    this.at += 1;
    if (this.peek() === close) {
      this.at += 1;
      return;
    }
    for (;;) {
      one();
      const byte = this.peek();
      this.at += 1;
      if (byte === close) return;
      if (byte !== COMMA) throw new SyntaxError('neither a comma nor the end');
    }
  }

  /** The bytes of a string with its quotes. */
  private string(): Buffer {
    const start = this.at;
    if (this.peek() !== QUOTE) throw new SyntaxError('no string');
    const begin = this.at;
    for (let at = begin + 1; at < this.json.length; at++) {
      if (this.json[at] === BACKSLASH) at++;
      else if (this.json[at] === QUOTE) {
        this.at = at + 1;
        return this.json.subarray(begin, this.at);
      }
    }
    throw new SyntaxError(`a string without end at ${start}`);
  }

  /** A number, true, false, null. */
  private bare(): void {
    const start = this.at;
    while (this.at < this.json.length && /[\w+.-]/.test(String.fromCharCode(this.json[this.at] ?? 0)))
      this.at += 1;
    if (this.at === start) throw new SyntaxError(`no value at ${start}`);
  }

  /** The next byte that is no blank; -1 at the end. */
  private peek(): number {
    while (BLANKS.has(this.json[this.at] ?? -1)) this.at += 1;
    return this.json[this.at] ?? -1;
  }
}

function decoded(raw: Buffer): string {
  const value: unknown = JSON.parse(raw.toString('utf8'));
  return typeof value === 'string' ? value : '';
}
