/**
 * The files of one dumped namespace, put together from their pieces. In: dump_text records. Out: whole texts, as
 * parseSysctls() takes them.
 */
import type { DumpText } from './dump.js';
import { DUMP_FILES, type DumpFile } from './dump-layout.js';

export class DumpTexts {
  private readonly whole = new Map<DumpFile, string>();
  private readonly cutFiles = new Set<DumpFile>();
  private partial = '';

  clear(): void {
    this.whole.clear();
    this.cutFiles.clear();
    this.partial = '';
  }

  add(piece: DumpText): void {
    const { file } = piece;
    if (file === null) return;
    this.partial = piece.offset === 0 ? piece.text : this.partial + piece.text;
    if (!piece.isLast) return;
    this.whole.set(file, this.partial);
    if (piece.isCut) this.cutFiles.add(file);
    this.partial = '';
  }

  /** Null: this kernel does not have the file, or it could not be read. */
  get(file: DumpFile): string | null {
    return this.whole.get(file) ?? null;
  }

  /** Whether the file was longer than a dump reads. */
  isCut(file: DumpFile): boolean {
    return this.cutFiles.has(file);
  }

  all(): Record<DumpFile, string | null> {
    const entries = DUMP_FILES.map((file) => [file, this.get(file)]);
    return Object.fromEntries(entries) as Record<DumpFile, string | null>;
  }
}
