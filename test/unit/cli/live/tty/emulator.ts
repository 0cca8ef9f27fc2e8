/** What a real terminal emulator has on its screen after it was written to. */
import { Terminal } from '@xterm/headless';

export class Emulator {
  private readonly terminal: Terminal;

  constructor(width: number, height: number) {
    this.terminal = new Terminal({ cols: width, rows: height, allowProposedApi: true });
  }

  get width(): number {
    return this.terminal.cols;
  }

  get height(): number {
    return this.terminal.rows;
  }

  resize(width: number, height: number): void {
    this.terminal.resize(width, height);
  }

  write(text: string): Promise<void> {
    return new Promise((done) => this.terminal.write(text, done));
  }

  /** The texts of all cells; the second one of a wide character is empty. */
  cells(): string[] {
    return this.mapped((cell) => (cell?.getWidth() === 0 ? '' : cell?.getChars() || ' '));
  }

  /** Inverse cells, by which a look that shows on blanks can be told. */
  chosen(): boolean[] {
    return this.mapped((cell) => Boolean(cell?.isInverse()));
  }

  private mapped<T>(of: (cell: ReturnType<NonNullable<ReturnType<typeof this.line>>['getCell']>) => T): T[] {
    return Array.from({ length: this.height }, (_, row) => this.line(row)).flatMap((line) =>
      Array.from({ length: this.width }, (_, at) => of(line?.getCell(at))),
    );
  }

  private line(row: number) {
    const { active } = this.terminal.buffer;
    return active.getLine(active.baseY + row);
  }
}
