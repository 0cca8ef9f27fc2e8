/** All programs, by what makes two dead processes the same program. */
import type { Process } from '../model/process.js';
import { Program } from '../model/program.js';

export class ProgramTable {
  private readonly programs = new Map<string, Program>();

  /** The program of a process; the same one for every process that is rolled up into it. */
  of(process: Process): Program {
    process.program ??= this.find(process);
    return process.program;
  }

  private find(process: Process): Program {
    const name = process.programName() ?? 'unknown';
    const key = [process.exe ?? process.comm, process.parentName(), process.cgroupId].join('\0');
    let program = this.programs.get(key);
    if (program === undefined) {
      program = new Program(-1 - this.programs.size, name, process.info());
      this.programs.set(key, program);
    }
    program.include(process.info());
    return program;
  }

  all(): Iterable<Program> {
    return this.programs.values();
  }

  get size(): number {
    return this.programs.size;
  }
}
