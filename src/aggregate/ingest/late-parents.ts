/**
 * Processes whose parent's facts are outstanding: what they are called, and which program they are, is known only with those. In:
 * processes, whenever more is known of one. When a parent's facts come, or it is known that none will, the rows of its children
 * are shown anew, and programs that were found too early become what they are, in whatever order all this happens.
 */
import type { Process } from '../model/process.js';
import type { ProgramTable } from '../tables/program-table.js';
import type { DeadProcesses } from './dead-processes.js';

export class LateParents {
  /** By parent, until its facts are there. */
  private readonly children = new Map<Process, Set<Process>>();

  constructor(
    private readonly programs: ProgramTable,
    private readonly dead: DeadProcesses,
    private readonly touchRows: (process: Process) => void,
  ) {}

  /** It was announced, or more is known of it, or its program was looked for. */
  see(process: Process): void {
    const { parent } = process;
    if (parent !== null && !parent.completed) this.await(parent, process);
    if (process.completed) this.known(process);
  }

  private await(parent: Process, child: Process): void {
    const children = this.children.get(parent);
    if (children === undefined) this.children.set(parent, new Set([child]));
    else children.add(child);
  }

  private known(parent: Process): void {
    const children = this.children.get(parent);
    if (children === undefined) return;
    this.children.delete(parent);
    for (const child of children) {
      if (child.parent !== null && child.parent !== parent) continue;
      child.parentKnown(parent);
      this.touchRows(child);
      const program = this.programs.restart(child);
      if (program !== null) this.dead.restarted(program);
    }
  }
}
