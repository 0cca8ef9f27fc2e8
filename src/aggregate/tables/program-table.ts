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

  /**
   * @param rollUp gives the rows of a program to that of the others, for good
   * @param found its program was looked for, with what is known of it now
   */
  constructor(
    private readonly limit: number,
    private readonly rollUp: (program: Program) => void,
    private readonly found: (process: Process) => void,
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
    this.found(process);
    return program;
  }

  private add(key: string, process: Process): Program {
    if (this.programs.size >= this.limit) this.makeRoom();
    this.lastId -= 1;
    const name = process.programName() ?? 'unknown';
    const program = new Program(this.lastId, name, process.info(), key, process.placeByCgroup());
    this.programs.set(key, program);
    return program;
  }

  /**
   * More is known of what started a process than when its program was found: that has another name now, or is one that there is
   * already. Gives the program that changed.
   */
  restart(process: Process): Program | null {
    const { program } = process;
    const identity = process.programIdentity();
    if (program === null || program.rolledUpInto !== null || program.identity === identity) return null;
    this.programs.delete(program.identity);
    const same = this.programs.get(identity);
    if (same !== undefined) this.merge(program, same);
    else this.programs.set(identity, program);
    program.startedBy(process.parentName(), identity);
    return program;
  }

  private merge(program: Program, same: Program): void {
    this.byUse.remove(program);
    same.include(program.info());
    program.rolledUpInto = same;
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
