/**
 * Programs: what dead processes fold into, (exe or comm, the parent's program, cgroup). A shell loop that spawns ten
 * thousand curls is one program, "curl (bash loop.sh)".
 */
import { basename } from 'node:path';
import type { ProcessInfo } from '../../protocol/rows.js';
import type { Failure } from './failure.js';
import type { Flow } from './flow.js';
import { type Owner, UNKNOWN_PROCESS } from './owner.js';
import type { Process } from './process.js';

/** Interpreters whose first plain argument says more than their own name. */
const INTERPRETER = /^((ba|da|z|k|fi|a)?sh|python[\d.]*|perl[\d.]*|ruby[\d.]*|node(js)?|php[\d.]*)$/;
/** One file, many programs: the name it was called by is in comm. */
const MULTI_CALL = /^(busybox|toybox|coreutils)$/;

export class Program implements Owner {
  readonly pid = null;
  readonly flows = new Set<Flow>();
  readonly failures = new Map<string, Failure>();
  /** Exited processes that still have rows of their own, oldest first. */
  readonly dead: Process[] = [];
  private shown: ProcessInfo;

  constructor(
    readonly id: number,
    private readonly name: string,
    example: ProcessInfo,
  ) {
    const { comm, exe, cgroup, unit, container, pod, uid } = example;
    const { ppid, parent } = example;
    const same = { comm, exe, cgroup, unit, container, pod, uid, ppid, parent };
    this.shown = { ...UNKNOWN_PROCESS, ...same, exited: true };
  }

  /** One more process of this program. Who started them is told by pid only as long as it is the same for all. */
  include({ ppid, parent }: ProcessInfo): void {
    if (this.shown.ppid === null || ppid === this.shown.ppid) return;
    this.shown = { ...this.shown, ppid: null, parent: { pid: null, comm: parent.comm } };
  }

  get key(): string {
    return `g${-this.id}`;
  }

  info(): ProcessInfo {
    return this.shown;
  }

  programName(): string {
    return this.name;
  }
}

/** "nginx", "bash loop.sh", "python3 worker.py": what a person would call it. */
export function shortName(exe: string | null, comm: string | null, args: readonly string[]): string | null {
  const file = exe === null ? null : basename(exe);
  if (file === null || MULTI_CALL.test(file)) return comm ?? file;
  const script = INTERPRETER.test(file) ? scriptOf(args) : null;
  return script === null ? file : `${file} ${script}`;
}

/** The first argument that is no option, when the interpreter was given a file: not after -c, -e or -m's like. */
function scriptOf(args: readonly string[]): string | null {
  for (const arg of args.slice(1)) {
    if (/^-(c|e|p|r|-eval|-print)$/.test(arg)) return null;
    if (arg !== '' && !arg.startsWith('-')) return basename(arg);
  }
  return null;
}

export class ProgramTable {
  private readonly programs = new Map<string, Program>();

  /** The program of a process; the same one for every process that folds into it. */
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
