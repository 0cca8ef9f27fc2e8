/**
 * `portchurn top` on a terminal: the live screen. Draws at most twice a second, and at once after a key; a terminal that has not
 * taken the frame before gets none until it has. In: a target, values of the command line, a TTY. Out: frames; resolves when the user or
 * a signal ends it.
 */
import type { Link } from '../../client/link.js';
import { initial, type Replica } from '../../client/replica.js';
import { PortchurnError } from '../../protocol/errors.js';
import { aborted, type Io } from '../io.js';
import { type Style, styleFor } from '../screen/style.js';
import { badAnswer } from '../source/answers.js';
import { httpClient, type Target } from '../source/target.js';
import { Beside } from './beside.js';
import { LiveFeed } from './feed.js';
import { lastScrollOf, linesOf, pageOf } from './layout.js';
import { whatIfCommandOf } from './parts/overlays.js';
import { queriesOf } from './queries.js';
import { type Besides, commandsOf, type Scene, SceneMaker } from './scene.js';
import { type Effect, press, type Shown, START, type State } from './state.js';
import { type Grid, gridOf } from './tty/cells.js';
import type { Input } from './tty/keys.js';
import { paint } from './tty/paint.js';
import { Terminal, type TerminalEvents, type Tty } from './tty/terminal.js';

/** Between two frames that no key asked for, ms. */
const FRAME_MS = 500;
/** Tables come once a second, one after the other: they are drawn together. */
const TOGETHER_MS = 50;
/** Ages and the clock go on when nothing comes; longer than a second, so that what comes each second is drawn once. */
const CLOCK_MS = 1100;

export interface LiveOptions {
  readonly filter: string;
  readonly group: State['group'];
  readonly color: boolean | undefined;
  readonly ascii: boolean;
}

export class Live {
  #state: State;
  #replica: Replica = initial();
  /** What is shown during a pause; null: there is none. */
  #kept: (Besides & { replica: Replica }) | null = null;
  #link: Link = { phase: 'connecting' };
  #painted: Grid | null = null;
  #frame: ReturnType<typeof setTimeout> | undefined;
  #clock: ReturnType<typeof setTimeout> | undefined;
  #drawnAt = 0;
  #isOver = false;
  #asked = '';
  #scene: Scene | null = null;
  readonly #maker = new SceneMaker();
  readonly #feed: LiveFeed;
  readonly #terminal: Terminal;
  readonly #beside: Beside;
  readonly #quit = new AbortController();

  constructor(
    private readonly target: Target,
    private readonly options: LiveOptions,
    private readonly io: Io,
    tty: Tty,
  ) {
    this.#state = { ...START, filter: options.filter, group: options.group };
    this.#feed = new LiveFeed(target, {
      onReplica: (replica) => {
        this.#replica = replica;
        this.#soon();
      },
      onLink: (link) => {
        const changed = link.phase !== this.#link.phase;
        this.#link = link;
        if (changed) this.#soon();
      },
      onFault: (fault) => this.#quit.abort(this.#misread(fault)),
    });
    const events: TerminalEvents = {
      onInput: (inputs) => this.#press(inputs),
      onResize: () => this.#redraw(),
      onReady: () => this.#draw(),
      onGone: () => this.#quit.abort(),
    };
    this.#terminal = new Terminal(tty, events);
    this.#beside = new Beside(this.#feed, httpClient(this.target), () => this.#soon());
  }

  /** Resolves when the user ends it or `stop` aborts; the terminal is as it was then. Throws BAD_ANSWER. */
  async run(stop: AbortSignal): Promise<void> {
    this.#terminal.enter();
    try {
      this.#ask();
      this.#feed.start();
      this.#draw();
      await Promise.race([aborted(stop), aborted(this.#quit.signal)]);
    } finally {
      this.#isOver = true;
      clearTimeout(this.#clock);
      clearTimeout(this.#frame);
      this.#beside.stop();
      this.#feed.stop();
      await this.#terminal.leave();
    }
    const { reason } = this.#quit.signal;
    if (reason instanceof PortchurnError) throw reason;
  }

  #misread(fault: string): PortchurnError {
    const { shown, url } = this.target.service;
    return badAnswer(shown ?? url, this.#replica.hello?.version ?? null, fault);
  }

  #press(inputs: readonly Input[]): void {
    for (const input of inputs) {
      const { state, effect } = press(this.#state, input, this.#shown());
      if (state.paused !== this.#state.paused)
        this.#kept = state.paused === null ? null : { replica: this.#replica, ...this.#beside.values };
      this.#state = state;
      if (effect !== null) this.#do(effect);
    }
    this.#ask();
    this.#draw();
  }

  #shown(): Shown {
    const scene = this.#scene && { ...this.#scene, state: this.#state };
    const { width, height } = this.#terminal;
    return {
      flows: scene?.flows.map(({ key }) => key) ?? [],
      incidents: scene?.incidents.map(({ key }) => key) ?? [],
      namespaces: [...this.#replica.tables.totals.rows.values()]
        .flatMap(({ netns }) => netns ?? [])
        .sort((a, b) => a - b),
      page: pageOf(width, height),
      lastScroll: scene === null ? 0 : lastScrollOf(scene, width, height, this.#style()),
      commands: scene === null ? [] : commandsOf(scene),
      whatIf: scene === null ? null : whatIfCommandOf(scene),
      now: Date.now(),
    };
  }

  #do(effect: Effect): void {
    switch (effect.type) {
      case 'quit':
        this.#quit.abort();
        break;
      case 'suspend':
        this.#terminal.suspend();
        break;
      case 'redraw':
        this.#painted = null;
        break;
      case 'copy':
        this.#terminal.copy(effect.text);
    }
  }

  /** The service sorts and cuts, so each choice that changes what is wanted is asked for; the same is not asked twice. */
  #ask(): void {
    const queries = queriesOf(this.#state, this.#terminal.width, this.#terminal.height);
    const text = JSON.stringify(queries);
    if (text !== this.#asked) for (const [topic, query] of queries) this.#feed.setQuery(topic, query);
    this.#asked = text;
  }

  #redraw(): void {
    this.#painted = null;
    this.#ask();
    this.#draw();
  }

  /** What came is drawn with what else comes until then. */
  #soon(): void {
    const wait = Math.max(TOGETHER_MS, this.#drawnAt + FRAME_MS - Date.now());
    this.#frame ??= setTimeout(() => this.#draw(), wait);
  }

  #draw(): void {
    clearTimeout(this.#frame);
    this.#frame = undefined;
    this.#drawnAt = Date.now();
    this.#goOn();
    const style = this.#style();
    const { width, height } = this.#terminal;
    this.#scene = this.#maker.make(this.#kept?.replica ?? this.#replica, this.#link, this.#state, {
      now: Date.now(),
      glyphs: style.glyphs,
      ...this.#besides(),
    });
    this.#beside.on(this.#scene, width, height);
    if (!this.#terminal.ready) return;
    const grid = gridOf(linesOf(this.#scene, width, height, style), width, height);
    const text = paint(this.#painted, grid, this.#isColoured());
    this.#painted = grid;
    if (text !== '') this.#terminal.draw(text);
  }

  /** The clock that the frame just drawn puts off. */
  #goOn(): void {
    clearTimeout(this.#clock);
    this.#clock = this.#isOver ? undefined : setTimeout(() => this.#draw(), CLOCK_MS);
  }

  #style(): Style {
    return { ...styleFor(this.io, { ...this.options, color: false }), width: this.#terminal.width };
  }

  /** In a pause the map stands still, and so do the events of a row that was followed then; what is opened later is live. */
  #besides(): Besides {
    const { aside, toward, ports } = this.#beside.values;
    const kept = this.#kept;
    if (kept === null) return { aside, toward, ports };
    const isSame = aside !== null && aside.key === kept.aside?.key;
    return { aside: isSame ? { ...kept.aside, detail: aside.detail } : aside, toward, ports: kept.ports };
  }

  #isColoured(): boolean {
    return this.options.color ?? !this.io.env.NO_COLOR;
  }
}
