/**
 * The files of one audited namespace, put together from their pieces. Enters: audit_text records. Leaves: whole texts, as
 * parseSysctls() takes them. Used by sinks of an audit: clear() at a namespace's begin, read at its end.
 */
import type { AuditText } from './dump.js';
import { AUDIT_FILES, type AuditFile } from './dump-layout.js';

export class AuditTexts {
  private readonly whole = new Map<AuditFile, string>();
  private readonly cutFiles = new Set<AuditFile>();
  private partial = '';

  clear(): void {
    this.whole.clear();
    this.cutFiles.clear();
    this.partial = '';
  }

  add(piece: AuditText): void {
    const { file } = piece;
    if (file === null) return;
    this.partial = piece.offset === 0 ? piece.text : this.partial + piece.text;
    if (!piece.isLast) return;
    this.whole.set(file, this.partial);
    if (piece.isCut) this.cutFiles.add(file);
    this.partial = '';
  }

  /** Null: this kernel does not have the file, or it could not be read. */
  get(file: AuditFile): string | null {
    return this.whole.get(file) ?? null;
  }

  /** Whether the file was longer than an audit reads. */
  isCut(file: AuditFile): boolean {
    return this.cutFiles.has(file);
  }

  all(): Record<AuditFile, string | null> {
    const entries = AUDIT_FILES.map((file) => [file, this.get(file)]);
    return Object.fromEntries(entries) as Record<AuditFile, string | null>;
  }
}
