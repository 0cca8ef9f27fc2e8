/**
 * All programs, by what makes two dead processes the same program. Bounded: the one that no process was rolled up into for
 * longest is rolled up itself, into the owner of all other programs.
 */
import { UNKNOWN_PROCESS } from '../../protocol/names.js';
import { AgeList } from '../model/age-list.js';
import type { Process } from '../model/process.js';
import { Program } from '../model/program.js';

export const OTHER_PROGRAMS = 'other programs';

export class ProgramTable {
  readonly others = new Program(-1, OTHER_PROGRAMS, { ...UNKNOWN_PROCESS, name: OTHER_PROGRAMS }, '');
  /** Programs that were rolled up since the start. */
  rolledUp = 0;
  private readonly programs = new Map<string, Program>();
  private readonly byUse = new AgeList<Program>();
  private lastId = this.others.id;

  /** @param rollUp gives the rows of a program to that of the others, for good */
  constructor(
    private readonly limit: number,
    private readonly rollUp: (program: Program) => void,
  ) {}

  /** The program of a process; the same one for every process that is rolled up into it. */
  of(process: Process): Program {
    process.program ??= this.find(process);
    return process.program.accountable;
  }

  private find(process: Process): Program {
    const key = process.programIdentity();
    const program = this.programs.get(key) ?? this.add(key, process);
    program.include(process.info());
    this.byUse.append(program);
    return program;
  }

  private add(key: string, process: Process): Program {
    if (this.programs.size >= this.limit) this.makeRoom();
    this.lastId -= 1;
    const program = new Program(this.lastId, process.programName() ?? 'unknown', process.info(), key);
    this.programs.set(key, program);
    return program;
  }

  private makeRoom(): void {
    const program = this.byUse.oldest;
    if (program === null) return;
    this.byUse.remove(program);
    this.programs.delete(program.identity);
    program.rolledUpInto = this.others;
    this.rolledUp += 1;
    this.rollUp(program);
  }

  all(): Iterable<Program> {
    return this.programs.values();
  }

  get size(): number {
    return this.programs.size;
  }
}
