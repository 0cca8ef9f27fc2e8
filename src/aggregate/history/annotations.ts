/**
 * What happened, beside the columns of the history: the last fifteen minutes, at most MAX_ANNOTATIONS. When there are
 * too many, the most frequent kind loses its oldest: a storm of short processes does not drive out the one changed
 * sysctl.
 */
import type { AnnotationKind, AnnotationSubject } from '../../protocol/history.js';
import { HISTORY_SECONDS } from '../../protocol/names.js';

export const MAX_ANNOTATIONS = 500;
/** Longest text, characters: it may quote another process's command line. */
const MAX_TEXT = 200;

export interface Note {
  /** CLOCK_MONOTONIC. */
  ms: number;
  kind: AnnotationKind;
  /** Hostile when it quotes a process: it is escaped where it is printed. */
  text: string;
  /** Key of the one budget that it concerns, or what ends in "/": of all whose keys begin so; null: of all. */
  budget: string | null;
  /** Null: everything. */
  subject: AnnotationSubject | null;
}

export type Shows = (subject: AnnotationSubject) => boolean;

const concerns = ({ budget }: Note, key: string) =>
  budget === null || budget === key || (budget.endsWith('/') && key.startsWith(budget));

export class Annotations {
  private notes: Note[] = [];

  add(note: Note): void {
    const oldest = note.ms - HISTORY_SECONDS * 1000;
    if (this.notes.some(({ ms }) => ms < oldest)) this.notes = this.notes.filter(({ ms }) => ms >= oldest);
    if (this.notes.length >= MAX_ANNOTATIONS) this.thin();
    this.notes.push({ ...note, text: note.text.slice(0, MAX_TEXT) });
  }

  /** Those of `fromMs` to `toMs`, in order; of one budget, those that concern it; of these, those that are shown. */
  between(fromMs: number, toMs: number, budget: string | null, shows: Shows): Note[] {
    return this.notes
      .filter(({ ms }) => ms >= fromMs && ms < toMs)
      .filter((note) => budget === null || concerns(note, budget))
      .filter(({ subject }) => subject === null || shows(subject))
      .sort((a, b) => a.ms - b.ms);
  }

  private thin(): void {
    const counts = new Map<AnnotationKind, number>();
    for (const { kind } of this.notes) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    const [commonest] = [...counts].reduce((most, next) => (next[1] > most[1] ? next : most));
    this.notes.splice(
      this.notes.findIndex(({ kind }) => kind === commonest),
      1,
    );
  }
}
