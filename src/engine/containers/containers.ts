/**
 * Names of containers for the engine: from disk, from sockets that were asked for, and in words why there are none. In: places, paths of sockets. Out:
 * names, and problems, each said once in the log.
 */
import type { Logger } from 'pino';
import type { Aggregator } from '../../aggregate/ingest/aggregator.js';
import {
  evictedProblem,
  hungProblem,
  namelessProblem,
  RUNTIME_NAMES,
  socketProblem,
} from '../../doctor/container-names.js';
import type { Problem } from '../../protocol/frames.js';
import { Disk } from '../../system/containers/disk.js';
import { ContainerNames } from '../../system/containers/names.js';
import { RuntimeSocket } from '../../system/containers/socket.js';
import {
  machinesOf,
  type Places,
  placesHere,
  type Stored,
  storesOf,
} from '../../system/containers/stores.js';
import type { ContainerHosts } from '../../system/destinations/container-hosts.js';
import { partOf, type Runtime, shortId } from '../../system/parse/container.js';
import { hostsProblems } from './hosts-problems.js';

export interface ContainerOptions {
  /** Where runtimes keep what they know of containers. Absent: where they do by themselves. */
  containerPlaces?: Places | undefined;
  /** Paths of sockets of Docker or Podman that are asked for names. */
  containerSockets?: readonly string[] | undefined;
}

/** Lines of the log: a user may make any number of containers, each with something to say. */
const MOST_LOGGED = 256;

export class Containers {
  readonly names: ContainerNames;
  private readonly places: Places;
  private readonly disk = new Disk();
  private readonly sockets: readonly RuntimeSocket[];
  /** Why its containers have no names, by runtime. A reason that stays is not looked into again. */
  private readonly reasons = new Map<Runtime, Problem>();
  private isLooking = false;
  /** By what they are about. */
  private problemsNow: ReadonlyMap<string, Problem> = new Map();
  private readonly logged = new Set<string>();

  constructor(
    { containerPlaces = placesHere(), containerSockets = [] }: ContainerOptions,
    private readonly log: Pick<Logger, 'warn'>,
    private readonly hosts: Pick<ContainerHosts, 'trouble'> | null = null,
    private readonly uid = process.getuid?.() ?? 0,
  ) {
    this.places = containerPlaces;
    this.sockets = containerSockets.map((path) => new RuntimeSocket(path, (id) => this.names.again(id)));
    this.names = new ContainerNames(
      storesOf(
        containerPlaces,
        this.sockets.map(({ store }) => store),
        this.disk,
      ),
      undefined,
      this.disk,
    );
    for (const socket of this.sockets) socket.start();
  }

  /** Once a second. */
  tick(aggregator: Pick<Aggregator, 'touchRenamed'>): void {
    if (this.names.mayHaveChanged()) aggregator.touchRenamed();
    this.problemsNow = new Map([
      ...this.ofRuntimes(),
      ...this.ofDisk(),
      ...this.ofSockets(),
      ...this.ofBounds(),
      ...this.ofHosts(),
    ]);
    for (const [about, { what, why, fix }] of this.problemsNow) {
      if (this.logged.has(about) || this.logged.size >= MOST_LOGGED) continue;
      this.logged.add(about);
      this.log.warn({ why, fix }, what);
    }
  }

  /** Names that were pushed out of a full table, since the start. */
  get evicted(): number {
    return this.sockets.reduce((sum, { evicted }) => sum + evicted, this.names.evicted);
  }

  problems(): Problem[] {
    return [...this.problemsNow.values()];
  }

  stop(): void {
    for (const socket of this.sockets) socket.stop();
  }

  private ofRuntimes(): Iterable<[string, Problem]> {
    const { nameless } = this.names;
    for (const runtime of this.reasons.keys()) if (!nameless.has(runtime)) this.reasons.delete(runtime);
    if (!this.isLooking) void this.look([...nameless].filter((runtime) => !this.reasons.has(runtime)));
    return this.reasons;
  }

  private async look(runtimes: readonly Runtime[]): Promise<void> {
    this.isLooking = true;
    for (const runtime of runtimes) {
      // That a disk does not answer is said of the disk, and the rest in a later second.
      const problem = await namelessProblem(runtime, this.places, this.uid, this.disk).catch(() => undefined);
      if (problem === null) this.names.nameless.delete(runtime);
      else if (problem !== undefined) this.reasons.set(runtime, problem);
    }
    this.isLooking = false;
  }

  private ofDisk(): [string, Problem][] {
    const ofThis = (path: string) =>
      STORED.find((runtime) => this.places[runtime].includes(path)) ??
      (path === machinesOf(this.places) ? 'machine' : undefined);
    return this.disk.hung().flatMap((path): [string, Problem][] => {
      const runtime = ofThis(path);
      return runtime === undefined ? [] : [[path, hungProblem(runtime, path)]];
    });
  }

  /** Nothing makes a table of names smaller, so that one that was full is. */
  private ofBounds(): [string, Problem][] {
    return this.evicted === 0 ? [] : [['bounds', evictedProblem(this.evicted)]];
  }

  private ofHosts(): [string, Problem][] {
    return this.hosts === null ? [] : hostsProblems(this.hosts.trouble(), (group) => this.nameIn(group));
  }

  private nameIn(group: string): string {
    const { container } = partOf(group);
    if (container === null) return group;
    return this.names.of(container)?.name ?? container.name ?? shortId(container.id);
  }

  private ofSockets(): [string, Problem][] {
    return this.sockets.flatMap(({ path, trouble }): [string, Problem][] =>
      trouble === null ? [] : [[path, socketProblem(path, trouble)]],
    );
  }
}

const STORED = Object.keys(RUNTIME_NAMES) as Stored[];
