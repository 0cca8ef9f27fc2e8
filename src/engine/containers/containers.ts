/**
 * Names of containers for the engine: from disk, from sockets that were asked for, and in words why there are none. In: places, paths of sockets. Out:
 * names, and problems, each said once in the log.
 */
import type { Logger } from 'pino';
import type { Aggregator } from '../../aggregate/ingest/aggregator.js';
import { namelessProblem, socketProblem } from '../../doctor/container-names.js';
import type { Problem } from '../../protocol/frames.js';
import { ContainerNames } from '../../system/containers/names.js';
import { RuntimeSocket } from '../../system/containers/socket.js';
import { type Places, placesHere, storesOf } from '../../system/containers/stores.js';

export interface ContainerOptions {
  /** Where runtimes keep what they know of containers. Absent: where they do by themselves. */
  containerPlaces?: Places | undefined;
  /** Paths of sockets of Docker or Podman that are asked for names. */
  containerSockets?: readonly string[] | undefined;
}

export class Containers {
  readonly names: ContainerNames;
  private readonly places: Places;
  private readonly sockets: readonly RuntimeSocket[];
  /** By what they are about. */
  private problemsNow: ReadonlyMap<string, Problem> = new Map();
  private readonly logged = new Set<string>();

  constructor(
    { containerPlaces = placesHere(), containerSockets = [] }: ContainerOptions,
    private readonly log: Pick<Logger, 'warn'>,
    private readonly uid = process.getuid?.() ?? 0,
  ) {
    this.places = containerPlaces;
    this.sockets = containerSockets.map((path) => new RuntimeSocket(path, (id) => this.names.again(id)));
    this.names = new ContainerNames(
      storesOf(
        containerPlaces,
        this.sockets.map(({ store }) => store),
      ),
    );
    for (const socket of this.sockets) socket.start();
  }

  /** Once a second. */
  tick(aggregator: Pick<Aggregator, 'touchRenamed'>): void {
    if (this.names.mayHaveChanged()) aggregator.touchRenamed();
    this.problemsNow = new Map([...this.ofRuntimes(), ...this.ofSockets()]);
    for (const [about, { what, why, fix }] of this.problemsNow) {
      if (this.logged.has(about)) continue;
      this.logged.add(about);
      this.log.warn({ why, fix }, what);
    }
  }

  problems(): Problem[] {
    return [...this.problemsNow.values()];
  }

  stop(): void {
    for (const socket of this.sockets) socket.stop();
  }

  /** A problem that stays is not looked into each second. */
  private ofRuntimes(): [string, Problem][] {
    return [...this.names.nameless].flatMap((runtime): [string, Problem][] => {
      const problem = this.problemsNow.get(runtime) ?? namelessProblem(runtime, this.places, this.uid);
      if (problem === null) this.names.nameless.delete(runtime);
      return problem === null ? [] : [[runtime, problem]];
    });
  }

  private ofSockets(): [string, Problem][] {
    return this.sockets.flatMap(({ path, trouble }): [string, Problem][] =>
      trouble === null ? [] : [[path, socketProblem(path, trouble)]],
    );
  }
}
