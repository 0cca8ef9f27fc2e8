/** A terminal that takes as many bytes as a test lets it. */
import { EventEmitter } from 'node:events';
import type { Tty } from '../../../../../src/cli/live/tty/terminal.js';

export class SlowTty implements Tty {
  readonly stdin = Object.assign(new EventEmitter(), {
    setRawMode: () => this.stdin,
    setEncoding: () => this.stdin,
    resume: () => this.stdin,
    pause: () => this.stdin,
  }) as unknown as Tty['stdin'] & EventEmitter;
  readonly stdout: Tty['stdout'] & EventEmitter;
  /** What it has taken. */
  text = '';
  /** Bytes that it has room for. */
  room = 0;
  /** There is no terminal any more. */
  isGone = false;

  constructor(columns: number, rows: number) {
    this.stdout = Object.assign(new EventEmitter(), { columns, rows }) as unknown as typeof this.stdout;
  }

  readonly put = (bytes: Uint8Array): number => {
    if (this.isGone) throw Object.assign(new Error('gone'), { code: 'EIO' });
    const taken = Math.min(this.room, bytes.length);
    if (taken === 0) throw Object.assign(new Error('full'), { code: 'EAGAIN' });
    this.room -= taken;
    this.text += Buffer.from(bytes.subarray(0, taken)).toString('latin1');
    return taken;
  };

  press(keys: string): void {
    this.stdin.emit('data', keys);
  }
}
