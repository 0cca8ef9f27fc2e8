/** A real terminal: tmux with one window, keys to press, a screen to read. */
import { execFileSync } from 'node:child_process';
import { patient } from '../support/patience.js';
import type { Ending, Scope } from '../support/scope.js';

let count = 0;

export interface Modes {
  /** The alternate screen is shown. */
  readonly alternate: boolean;
  readonly cursor: boolean;
}

export class Tmux implements Ending {
  /** Of a server of its own, which knows nothing of the user's settings. */
  private readonly name = `portchurn-test-${process.pid}-${++count}`;

  private constructor() {}

  /** A shell in a terminal of this size. */
  static open(scope: Scope, width: number, height: number, env: Record<string, string> = {}): Tmux {
    const tmux = scope.use(new Tmux());
    const shell = `env PS1='$ ' ENV= ${Object.entries(env)
      .map(([name, value]) => `${name}='${value}'`)
      .join(' ')} sh`;
    tmux.run('new-session', '-d', '-x', String(width), '-y', String(height), shell);
    tmux.run('set-option', '-g', 'set-clipboard', 'on');
    return tmux;
  }

  private run(...words: string[]): string {
    return execFileSync('tmux', ['-L', this.name, '-f', '/dev/null', ...words], { encoding: 'utf8' });
  }

  /** Types a command line. */
  type(text: string): void {
    this.run('send-keys', '-l', text);
    this.press('Enter');
  }

  /** All of them at once. */
  press(...keys: string[]): void {
    this.run('send-keys', ...keys);
  }

  resize(width: number, height: number): void {
    this.run('resize-window', '-x', String(width), '-y', String(height));
  }

  /** The process that reads what programs write. */
  get pid(): number {
    return Number(this.run('display-message', '-p', '#{pid}'));
  }

  /** The shell, or what it has replaced itself with. */
  get program(): number {
    return Number(this.run('display-message', '-p', '#{pane_pid}'));
  }

  screen(): string {
    return this.run('capture-pane', '-p');
  }

  modes(): Modes {
    const [alternate, cursor] = this.run('display-message', '-p', '#{alternate_on} #{cursor_flag}')
      .trim()
      .split(' ');
    return { alternate: alternate === '1', cursor: cursor === '1' };
  }

  /** What a program put into the clipboard last. */
  clipboard(): string {
    return this.run('show-buffer');
  }

  /** Resolves with the screen once it matches. */
  async shows(pattern: RegExp | ((screen: string) => boolean), withinMs = 30_000): Promise<string> {
    const matches = typeof pattern === 'function' ? pattern : (screen: string) => pattern.test(screen);
    for (
      const deadline = Date.now() + patient(withinMs);
      ;
      await new Promise((done) => setTimeout(done, 50))
    ) {
      const screen = this.screen();
      if (matches(screen)) return screen;
      if (Date.now() > deadline) throw new Error(`the screen never showed ${pattern}:\n${screen}`);
    }
  }

  end(): void {
    this.run('kill-server');
  }
}
