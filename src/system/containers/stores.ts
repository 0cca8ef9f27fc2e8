/**
 * What runtimes write on disk about a container before its first instruction. In: a container's id. Out: its names, or null. Each store is read
 * with the rights that the service has anyway (CAP_DAC_READ_SEARCH); no socket of a runtime is asked. All text was chosen by whoever made the
 * container: every surface escapes it.
 */
import { readFileSync, statSync } from 'node:fs';
import { readdir, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { ContainerFacts, Runtime } from '../parse/container.js';
import { workloadOf } from '../parse/workload.js';
import { Disk, type Place } from './disk.js';
import { textsOf, textsOfEach, type Wanted } from './json-texts.js';
import { readWhole, versionOf } from './read-whole.js';

export type Store = (id: string) => Promise<ContainerFacts | null>;

const FILE_BYTES = 1 << 20;
/** No name is as long; a text that is would be in every row. */
const TEXT_CHARS = 1024;
/** Podman's list is one file of all containers. */
const LIST_BYTES = 16 << 20;

/** Labels that say what a container is; no other is read. */
export const LABELS: Wanted = {
  'io.kubernetes.container.name': 'container',
  'io.kubernetes.pod.name': 'pod',
  'io.kubernetes.pod.namespace': 'namespace',
  'com.docker.compose.project': 'project',
  'com.docker.compose.service': 'service',
  'com.docker.swarm.service.name': 'swarm',
};
const DOCKER: Wanted = { Name: 'name', Config: { Image: 'image', Labels: LABELS } };
const CRI: Wanted = {
  annotations: {
    'io.kubernetes.cri.container-name': 'container',
    'io.kubernetes.cri.image-name': 'image',
    'io.kubernetes.cri.sandbox-name': 'pod',
    'io.kubernetes.cri.sandbox-namespace': 'namespace',
    'io.kubernetes.cri.container-type': 'type',
  },
};

/** Of all containers, below a runtime's place; Podman's is its place. */
export const DIRECTORIES: Readonly<Record<Stored, string>> = {
  docker: 'containers',
  containerd: 'io.containerd.runtime.v2.task',
  podman: '',
};

/** @param root the daemon's data-root */
export function dockerStore(root: string): Store {
  const files = new Files(DOCKER);
  return (id) => files.facts(join(root, DIRECTORIES.docker, id, 'config.v2.json'));
}

/** @param state containerd's own state directory. A CRI container's annotations are in the bundle of its task. */
export function containerdStore(state: string): Store {
  const tasks = join(state, DIRECTORIES.containerd);
  const files = new Files(CRI);
  return async (id) => {
    for (const namespace of await readdir(tasks).catch(() => [])) {
      const facts = await files.facts(join(tasks, namespace, id, 'config.json'));
      if (facts !== null) return facts;
    }
    return null;
  };
}

/** @param root of containers-storage(5). The list holds neither environment nor command. */
export function podmanStore(root: string): Store {
  const lists = ['overlay', 'vfs', 'btrfs', 'zfs'].map(
    (driver) => new List(join(root, `${driver}-containers`, 'containers.json')),
  );
  return async (id) => {
    for (const list of lists) {
      const one = await list.find(id);
      if (one !== undefined) return one;
    }
    return null;
  };
}

/**
 * @param directory where machined says what runs in a unit: a link from `unit:NAME` to the machine's name. Of a machine with a unit of its own the
 * path says it.
 */
export function machineStore(directory: string): Store {
  return async (id) => {
    if (!id.startsWith('unit:')) return null;
    const name = await readlink(join(directory, id));
    return MACHINE_NAME.test(name) ? { name, image: null, pod: null, workload: null } : null;
  };
}

/** hostname(7), as machined takes them. */
const MACHINE_NAME = /^[A-Za-z0-9._-]{1,64}$/;

/** The metadata is JSON again, by Podman. */
const LISTED: Wanted = { id: 'id', names: 'name', metadata: 'about' };
/** What takes less processor time may be read at every change, ms. */
const SHORT_MS = 10;
/** Rest after a longer one in units of that time: a list that changes all the time takes a twentieth of one processor. */
const REST_RATIO = 19;

/** All containers of a storage driver in one file, which is read again only when it has changed: each container asks for it. */
class List {
  private version = '';
  private byId: ReadonlyMap<string, ContainerFacts> = new Map();
  /** performance.now(); until then it is not read, whatever has changed. */
  private restUntil = 0;

  constructor(private readonly path: string) {}

  async find(id: string): Promise<ContainerFacts | undefined> {
    const version = await versionOf(this.path);
    if (version !== this.version && performance.now() >= this.restUntil) {
      this.byId = await this.read();
      this.version = version;
    }
    return this.byId.get(id);
  }

  private async read(): Promise<ReadonlyMap<string, ContainerFacts>> {
    const byId = new Map<string, ContainerFacts>();
    const bytes = await readWhole(this.path, LIST_BYTES);
    if (bytes === null) return byId;
    const took = await textsOfEach(bytes, LISTED, (texts) => {
      byId.set(texts.get('id') ?? '', factsOfListed(texts));
    });
    if (took >= SHORT_MS) this.restUntil = performance.now() + REST_RATIO * took;
    return byId;
  }
}

function factsOfListed(texts: ReadonlyMap<string, string>): ContainerFacts {
  const name = texts.get('name');
  const image = imageIn(texts.get('about') ?? '{}');
  return { name: isSane(name) ? name : null, image: isSane(image) ? image : null, pod: null, workload: null };
}

/** Of a container whose metadata is no JSON nobody knows it. */
function imageIn(about: string): string | null {
  try {
    return textsOf(Buffer.from(about), { 'image-name': 'image' }).get('image') || null;
  } catch {
    return null;
  }
}

/** A file of each container, read again only when it has changed: each that rows show is asked for every ten seconds. */
class Files {
  private readonly read = new Map<string, { version: string; facts: ContainerFacts }>();

  /** @param most files that are remembered */
  constructor(
    private readonly wanted: Wanted,
    private readonly most = 10_000,
  ) {}

  async facts(path: string): Promise<ContainerFacts | null> {
    const version = await versionOf(path);
    const last = this.read.get(path);
    if (last?.version === version) return last.facts;
    this.read.delete(path);
    const facts = version === '' ? null : await factsIn(path, this.wanted);
    if (facts === null) return null;
    const [oldest] = this.read.keys();
    if (this.read.size >= this.most && oldest !== undefined) this.read.delete(oldest);
    this.read.set(path, { version, facts });
    return facts;
  }
}

const isSane = (text: unknown): text is string => typeof text === 'string' && text.length <= TEXT_CHARS;

async function factsIn(path: string, wanted: Wanted): Promise<ContainerFacts | null> {
  const bytes = await readWhole(path, FILE_BYTES);
  if (bytes === null) return null;
  try {
    return factsOf(textsOf(bytes, wanted));
  } finally {
    // The file holds the container's environment.
    bytes.fill(0);
  }
}

/** Null: neither a name nor a pod, or one that is none. */
export function factsOf(said: ReadonlyMap<string, string>): ContainerFacts | null {
  if (![...said.values()].every(isSane)) return null;
  const texts = believed(said);
  const pod = texts.get('pod');
  const isPause = texts.get('type') === 'sandbox';
  const name = texts.get('container') ?? (isPause ? 'pause' : texts.get('name'));
  if (!name && !pod) return null;
  return {
    name: name || null,
    image: texts.get('image') || null,
    pod: pod ? `${namespaceIn(texts)}/${pod}` : null,
    workload: pod ? `${namespaceIn(texts)}/${workloadOf(pod, hostname().toLowerCase())}` : serviceIn(texts),
  };
}

/**
 * Docker gives a container the labels of its image, which somebody else may have made, as of a container that was committed: they are believed where
 * the container's name, which its maker chose, says the same. containerd's annotations are its own, and there is no name beside them.
 */
function believed(texts: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const given = texts.get('name')?.replace(/^\//, '');
  if (given === undefined) return texts;
  const [container, pod, project, service, swarm] = LABELLED.map((key) => texts.get(key));
  const starts = [
    [KUBERNETES, [`k8s_${container}_${pod}_${namespaceIn(texts)}_`]],
    [COMPOSE, [`${project}-${service}-`, `${project}_${service}_`]],
    [SWARM, [`${swarm}.`]],
  ] as const;
  const lies = starts.flatMap(([keys, ways]) => (ways.some((way) => given.startsWith(way)) ? [] : keys));
  const rest = [...texts].filter(([key]) => !lies.some((lie) => lie === key));
  return new Map([...rest, ['name', given]]);
}

const LABELLED = ['container', 'pod', 'project', 'service', 'swarm'] as const;
const KUBERNETES = ['container', 'pod', 'namespace'] as const;
const COMPOSE = ['project', 'service'] as const;
const SWARM = ['swarm'] as const;

const namespaceIn = (texts: ReadonlyMap<string, string>) => texts.get('namespace') ?? 'default';

/** Of Compose or of a swarm, which start many containers of one. */
function serviceIn(texts: ReadonlyMap<string, string>): string | null {
  const [project, service] = [texts.get('project'), texts.get('service')];
  return project && service ? `${project}/${service}` : texts.get('swarm') || null;
}

/** Where distributions and k3s, k0s and MicroK8s keep them. */
const CONTAINERD = [
  '/run/containerd',
  '/run/k3s/containerd',
  '/run/k0s/containerd',
  '/var/snap/microk8s/common/run/containerd',
];

/** Runtimes whose files hold the names. */
export type Stored = 'docker' | 'containerd' | 'podman';

export interface Places extends Readonly<Record<Stored, readonly string[]>> {
  /** Absent: where machined has them. */
  readonly machines?: string;
}

export const machinesOf = ({ machines = '/run/systemd/machines' }: Places): string => machines;

const DAEMON = '/etc/docker/daemon.json';

/** Of this machine. Docker's is what dockerd(8) reads from its configuration, if that says something. */
export function placesHere(daemon = DAEMON): Places {
  return {
    docker: [dataRoot(daemon) ?? '/var/lib/docker'],
    containerd: CONTAINERD,
    podman: ['/var/lib/containers/storage'],
  };
}

function dataRoot(daemon: string): string | undefined {
  try {
    // To open a pipe in its place would keep the service from starting.
    if (!statSync(daemon).isFile()) return undefined;
    return textsOf(readFileSync(daemon), { 'data-root': 'root' }).get('root');
  } catch {
    return undefined;
  }
}

/**
 * Stores that may know a container of this runtime, the likeliest first.
 * @param asked of sockets, each Docker's or Podman's
 * @param disk that is read
 */
export function storesOf(
  places: Places,
  asked: readonly Store[] = [],
  disk = new Disk(),
): (runtime: Runtime) => readonly Store[] {
  const at = (path: string, store: (path: string) => Store) => on(disk.place(path), store(path));
  const docker = [...places.docker.map((path) => at(path, dockerStore)), ...asked];
  const containerd = places.containerd.map((path) => at(path, containerdStore));
  const podman = [...places.podman.map((path) => at(path, podmanStore)), ...asked];
  const by: Partial<Record<Runtime, readonly Store[]>> = {
    docker,
    containerd,
    podman,
    machine: [at(machinesOf(places), machineStore)],
    unknown: [...containerd, ...docker, ...podman],
  };
  return (runtime) => by[runtime] ?? [];
}

const on =
  (place: Place, store: Store): Store =>
  (id) =>
    place.read(() => store(id));
