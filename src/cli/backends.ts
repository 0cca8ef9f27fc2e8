/**
 * What the command line needs of the rest of the product, as one interface: the service, a tracer inside this process and
 * the checks of the doctor. src/service/backends.ts implements it, so that nothing in src/cli imports the engine, the server
 * or the addon, and a command that attaches to a running service loads none of them.
 */
import type { ServeConfig } from '../config/serve-config.js';
import type { TracerSettings, TracerValues } from '../config/tracer-options.js';
import type { DoctorReport } from '../protocol/doctor.js';
import type { Source } from '../protocol/source.js';
import type { Io } from './io.js';
import type { Logger } from './logger.js';

export interface ServeOptions {
  readonly config: ServeConfig;
  readonly log: Logger;
  /** Says whether a service manager wants to be notified. */
  readonly env: Io['env'];
}

export interface ServiceHandle {
  readonly url: string;
  /** Takes what can change while it runs: token, hosts, origins. Throws USAGE, and goes on as before. */
  reload(config: ServeConfig): void;
  stop(): Promise<void>;
}

export interface TracingRequest {
  readonly tracer: TracerSettings;
  /** Processes whose events the kernel sends; empty: every process. */
  readonly pids: readonly number[];
  readonly log: Logger;
}

export interface Tracing {
  readonly source: Source;
  /** Called at most once, when the tracer cannot go on. */
  onFatal(callback: (error: Error) => void): void;
  stop(): Promise<void>;
}

/** A service that belongs to this process, and ends with it. */
export interface ChildService {
  /** Path of the socket on which it listens. */
  readonly socket: string;
  /** Aborts when it has ended by itself; its reason is the PortchurnError that says why. */
  readonly lost: AbortSignal;
  stop(): Promise<void>;
}

/** What the programs of the demo do: absent ones do not run. */
export interface DemoScene {
  readonly checkout?: 'reuse' | 'churn';
  readonly report?: boolean;
}

export interface DemoStage {
  /** Inode of its network namespace. */
  readonly netns: number;
  play(scene: DemoScene): void;
  /** Resolves when its programs have ended. */
  end(): Promise<void>;
}

/** One end of a connection by IPv4. */
export interface TcpEnd {
  readonly address: string;
  readonly port: number;
}

export interface Backends {
  /** Resolves once clients can connect and the tracer is attached. Throws when the service cannot start. */
  serve(options: ServeOptions): Promise<ServiceHandle>;
  /** Throws when a privilege, a kernel feature or the addon is missing. */
  startTracing(request: TracingRequest): Promise<Tracing>;
  /** The same in a process of its own, for a screen that may stand still. Resolves when it answers. */
  startChildService(tracer: TracerValues): Promise<ChildService>;
  /** The uid of the process that has the socket with these ends on this machine; null: nobody has accepted it yet. */
  tcpOwner(local: TcpEnd, remote: TcpEnd): Promise<number | null>;
  /** @param containerSockets paths that are to be asked, too */
  doctor(containerSockets: readonly string[]): Promise<DoctorReport>;
  /** Throws when no network namespace can be made. */
  openStage(): Promise<DemoStage>;
}
