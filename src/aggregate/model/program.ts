/**
 * Programs: what dead processes are rolled up into, (exe, what it was called by, script, the parent's program,
 * cgroup). A shell loop that spawns ten thousand curls is one program, "curl (loop.sh)".
 */

import { UNKNOWN_PROCESS } from '../../protocol/names.js';
import type { ProcessInfo } from '../../protocol/rows.js';
import type { Aged } from './age-list.js';
import type { Owner } from './owner.js';
import { nameWithParent } from './program-name.js';

/** Where its processes run. */
export type Place = Pick<
  ProcessInfo,
  'cgroup' | 'unit' | 'container' | 'image' | 'pod' | 'workload' | 'workloadGuessed'
>;

export class Program implements Owner, Aged<Program> {
  readonly pid = null;
  readonly living = null;
  readonly hasEnded = false;
  rows = 0;
  /** Its place in the table of programs. */
  list: Aged<Program>['list'] = null;
  older: Program | null = null;
  newer: Program | null = null;
  /** What counts for it now; null: itself. */
  rolledUpInto: Program | null = null;
  private shown: ProcessInfo;
  /** As it is shown. */
  private placed: Place | null = null;

  constructor(
    readonly id: number,
    private name: string,
    example: ProcessInfo,
    /** What makes two processes the same program. */
    public identity: string,
    /** Null while its control group is not known, which may be later than the first of its processes ends; another object when it says more. */
    private readonly place: () => Place | null = () => null,
  ) {
    const { name: own, interpreter, script, comm, exe, cgroup, unit, container, uid } = example;
    const { image, pod, workload, workloadGuessed = null, ppid, parent } = example;
    const same = {
      name: own,
      interpreter,
      script,
      comm,
      exe,
      cgroup,
      unit,
      container,
      image,
      pod,
      workload,
      workloadGuessed,
      uid,
      ppid,
      parent,
    };
    this.shown = { ...UNKNOWN_PROCESS, ...same, exited: true };
  }

  /** One more process of this program. What may differ is shown only as long as it is the same for all. */
  include({ ppid, parent, exited, comm, uid }: ProcessInfo): void {
    if (exited !== true && this.shown.exited) this.shown = { ...this.shown, exited: null };
    if (comm !== this.shown.comm && this.shown.comm !== null) this.shown = { ...this.shown, comm: null };
    if (uid !== this.shown.uid && this.shown.uid !== null) this.shown = { ...this.shown, uid: null };
    if (this.shown.ppid === null || ppid === this.shown.ppid) return;
    this.shown = { ...this.shown, ppid: null, parent: { pid: null, comm: parent.comm } };
  }

  /** More is known of what started its processes. */
  startedBy(parent: string | null, identity: string): void {
    if (this.shown.name !== null) this.name = nameWithParent(this.shown.name, parent);
    this.identity = identity;
  }

  get accountable(): Program {
    return this.rolledUpInto?.accountable ?? this;
  }

  get kin(): Program {
    return this.accountable;
  }

  get key(): string {
    return `g${-this.id}`;
  }

  info(): ProcessInfo {
    const place = this.place();
    if (place !== null && place !== this.placed) this.shown = { ...this.shown, ...place };
    this.placed = place;
    return this.shown;
  }

  /** Its container has got a name, or another one, that its rows do not say yet. */
  get isOutdated(): boolean {
    return this.place() !== this.placed;
  }

  programName(): string {
    return this.name;
  }
}
