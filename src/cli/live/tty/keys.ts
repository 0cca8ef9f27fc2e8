/**
 * What was typed. Several keys arrive in one piece, and one key in several, so bytes become keys here. In: pieces of the terminal's
 * input. Out: keys by name (a printed character is its own name), pasted text apart, which is no key.
 */

export type Input = { readonly key: string } | { readonly paste: string };

/** A lone Escape is a key once nothing followed for this long, ms. */
export const ESCAPE_MS = 40;

const ESC = '\x1b';
const PASTE_BEGIN = '\x1b[200~';
const PASTE_END = '\x1b[201~';
/** More is not a filter. */
const LONGEST_PASTE = 4_096;

/** By the end of their sequence, after ESC [ or ESC O (xterm's ctlseqs). */
const FINALS: Readonly<Record<string, string>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  Z: 'shift-tab',
};
const NUMBERED: Readonly<Record<string, string>> = {
  1: 'home',
  3: 'delete',
  4: 'end',
  5: 'page-up',
  6: 'page-down',
  7: 'home',
  8: 'end',
};
const CONTROLS: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\x7f': 'backspace',
  '\b': 'backspace',
};

/** ESC, then [ with parameters or O, then one final character. */
const SEQUENCE = new RegExp(`^${ESC}(?:\\[([0-9;:<=>?]*)[ -/]*([@-~])|O([@-~]))`);
/** The beginning of one. */
const UNFINISHED = new RegExp(`^${ESC}(?:\\[[0-9;:<=>?]*[ -/]*|O)?$`);

export class KeyReader {
  #rest = '';

  /** True: the input ends in the middle of a key, so that flush() is due after ESCAPE_MS. */
  get waits(): boolean {
    return this.#rest !== '';
  }

  read(piece: string): Input[] {
    this.#rest += piece;
    const inputs: Input[] = [];
    for (let next = this.#next(); next !== null; next = this.#next())
      if (next !== 'nothing') inputs.push(next);
    return inputs;
  }

  /** Nothing more came: what looked like the beginning of a key is an Escape, and what follows stands for itself. */
  flush(): Input[] {
    if (this.#rest === '' || this.#rest.startsWith(PASTE_BEGIN)) return [];
    const rest = this.#rest.slice(1);
    this.#rest = '';
    return [{ key: 'escape' }, ...(rest === '[' || rest === '' ? [] : this.read(rest))];
  }

  /** Null: there is no whole key left. */
  #next(): Input | 'nothing' | null {
    if (this.#rest === '') return null;
    if (this.#rest.startsWith(PASTE_BEGIN)) return this.#paste();
    if (this.#rest.startsWith(ESC)) return this.#sequence();
    const [first = ''] = this.#rest;
    this.#rest = this.#rest.slice(first.length);
    return { key: CONTROLS[first] ?? (first < ' ' ? `ctrl-${letterOf(first)}` : first) };
  }

  #sequence(): Input | 'nothing' | null {
    const whole = SEQUENCE.exec(this.#rest);
    if (whole !== null) {
      const [text, parameters = '', final = '', application = ''] = whole;
      this.#rest = this.#rest.slice(text.length);
      const key = final === '~' ? NUMBERED[parameters.split(';')[0] ?? ''] : FINALS[final || application];
      return key === undefined ? 'nothing' : { key };
    }
    if (UNFINISHED.test(this.#rest)) return null;
    // Escape, and then another key at once.
    this.#rest = this.#rest.slice(1);
    return { key: 'escape' };
  }

  #paste(): Input | null {
    const end = this.#rest.indexOf(PASTE_END);
    if (end < 0) {
      // The end may have begun already.
      const most = PASTE_BEGIN.length + LONGEST_PASTE;
      if (this.#rest.length > most)
        this.#rest = this.#rest.slice(0, most) + this.#rest.slice(1 - PASTE_END.length);
      return null;
    }
    const paste = this.#rest.slice(PASTE_BEGIN.length, Math.min(end, PASTE_BEGIN.length + LONGEST_PASTE));
    this.#rest = this.#rest.slice(end + PASTE_END.length);
    return { paste };
  }
}

const letterOf = (control: string) => String.fromCharCode(control.charCodeAt(0) + 0x60);
