/**
 * The container that a control group's path names. In: a path. Out: runtime, id and what else the path says, or null. Pure. The names of
 * paths are those that Docker, containerd, CRI-O, Podman, LXC, systemd-nspawn, Nomad, Garden, ECS and the kubelet give.
 */
import { unitOf } from './unit.js';

export type Runtime =
  | 'docker'
  | 'containerd'
  | 'cri-o'
  | 'podman'
  | 'lxc'
  | 'machine'
  | 'nomad'
  | 'garden'
  /** A container by its id; the path does not say of which runtime. */
  | 'unknown';

export interface ContainerPath {
  readonly runtime: Runtime;
  /** 64 hexadecimal digits; for LXC, machines, Nomad and Garden what they call it; `unit:NAME` for a machine that a service of its own runs. */
  readonly id: string;
  /** Where the path itself holds it; of a user's, always, and with whose it is. */
  readonly name: string | null;
  /** As Kubernetes writes it, with hyphens; null outside of a pod. */
  readonly podUid: string | null;
  /**
   * No runtime of the machine lists it, whatever its id: below a user's slice, where the user makes the groups, and in a node that is a
   * container itself, where that one makes them.
   */
  readonly unlisted: boolean;
}

/** What a runtime's files say. Null: they do not. */
export interface ContainerFacts {
  readonly name: string | null;
  readonly image: string | null;
  /** `namespace/pod` */
  readonly pod: string | null;
  /** What it is one of: `namespace/deployment`, `project/service` of Compose, a service of a swarm. */
  readonly workload: string | null;
}

/** What a control group is part of. */
export interface Part {
  readonly container: ContainerPath | null;
  /** Of the machine itself: never a container's scope, nor a unit inside of a container. */
  readonly unit: string | null;
}

const PREFIXES: Readonly<Record<string, Runtime>> = {
  docker: 'docker',
  'cri-containerd': 'containerd',
  nerdctl: 'containerd',
  crio: 'cri-o',
  libpod: 'podman',
  'libpod-payload': 'podman',
};
/** The directory above a bare id. */
const PARENTS: Readonly<Record<string, Runtime>> = { docker: 'docker', libpod_parent: 'podman', lxc: 'lxc' };

/** `docker-ID.scope`, `libpod-ID`, `kubepods-podUID.slice:cri-containerd:ID`. */
const PREFIXED = /^(?:.*:)?([a-z-]+)[-:]([0-9a-f]{64})(?:\.scope)?$/;
const BARE = /^[0-9a-f]{64}$/;
/** ECS on Fargate, whose ids are shorter. */
const ECS = /^[0-9a-f]{32}-\d+$/;
const LXC = /^lxc\.payload\.(.+)$/;
const MACHINE = /^machine-(.+)\.scope$/;
const NSPAWN = /^systemd-nspawn@(.+)\.service$/;
/** Where systemd-nspawn puts a machine in a service that it was started by (--keep-unit). */
const PAYLOAD = 'payload';
const SERVICE = /^(.+)\.service$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
const NOMAD = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(.+)\.scope$/;
/** A pod of the kubelet: `pod0a1b…`, or `kubepods-burstable-pod0a1b_….slice`, also below the node's own container. */
const POD = /^(?:(?:kubelet-)?kubepods-(?:[a-z]+-)?)?pod([0-9a-f][0-9a-f_-]+?)(?:\.slice)?(?::.*)?$/;
const KUBEPODS = /(^|-)kubepods(\.slice|-|$)/;
/** A runtime's own process beside the container: `crio-conmon-ID.scope`, `lxc.monitor.NAME`. */
const HELPER = /^(?:(?:crio|libpod)-conmon-[0-9a-f]{64}(?:\.scope)?|lxc\.monitor\..+)$/;

export function partOf(path: string): Part {
  const parts = path.split('/');
  const at = containerDepth(parts, podsDepth(parts)) ?? containerDepth(parts, 0);
  if (at !== null) return { container: inPlace(parts, at), unit: serviceAbove(parts, at) };
  const helper = parts.findIndex((part) => HELPER.test(part));
  return { container: null, unit: helper < 0 ? unitOf(path) : serviceAbove(parts, helper) };
}

/** Where the pods of a node begin, which may be a container itself: a pod says more than the node around it. */
const podsDepth = (parts: readonly string[]) =>
  Math.max(
    0,
    parts.findIndex((part) => KUBEPODS.test(part)),
  );

/** The outermost one: what runs in a container is its own affair. */
function containerDepth(parts: readonly string[], from: number): number | null {
  const at = parts.findIndex((_, index) => index >= from && containerAt(parts, index) !== null);
  return at < 0 ? null : at;
}

function inPlace(parts: readonly string[], at: number): ContainerPath | null {
  const found = containerAt(parts, at);
  const pod = parts
    .slice(0, at + 1)
    .map((part) => POD.exec(part)?.[1])
    .findLast((uid) => uid !== undefined);
  if (found === null) return null;
  const podUid = pod?.replaceAll('_', '-') ?? null;
  if (parts[1] === 'user.slice')
    return { ...found, name: ofUser(found, parts[2] ?? ''), podUid, unlisted: true };
  return { ...found, podUid, unlisted: containerDepth(parts, 0) !== at };
}

/** `db of user 1000`: a container of the machine may have the same name, or id. */
function ofUser({ name, id }: ContainerPath, slice: string): string {
  const uid = /^user-(\d+)\.slice$/.exec(slice)?.[1];
  return `${name ?? shortId(id)} of ${uid === undefined ? 'a user' : `user ${uid}`}`;
}

/** As `docker ps` and `crictl ps` print it. */
export const shortId = (id: string): string => id.slice(0, 12);

function containerAt(parts: readonly string[], index: number): ContainerPath | null {
  const part = parts[index] ?? '';
  const parent = parts[index - 1] ?? '';
  return byId(part, parent) ?? byName(part, parent);
}

function byId(part: string, parent: string): ContainerPath | null {
  const [, prefix = '', id = ''] = PREFIXED.exec(part) ?? [];
  const runtime = PREFIXES[prefix];
  if (runtime !== undefined) return of(runtime, id);
  if (BARE.test(part)) return of(PARENTS[parent] ?? 'unknown', part);
  return ECS.test(part) ? of('unknown', part) : null;
}

function byName(part: string, parent: string): ContainerPath | null {
  const lxc = LXC.exec(part)?.[1] ?? (parent === 'lxc' && part !== '' ? part : undefined);
  if (lxc !== undefined) return of('lxc', lxc, lxc);
  const machine = MACHINE.exec(part)?.[1] ?? NSPAWN.exec(part)?.[1];
  if (machine !== undefined) return of('machine', unescaped(machine), unescaped(machine));
  const service = part === PAYLOAD ? SERVICE.exec(parent)?.[1] : undefined;
  if (service !== undefined) return of('machine', `unit:${parent}`, unescaped(service));
  const [, allocation, task] = NOMAD.exec(part) ?? [];
  if (allocation !== undefined) return of('nomad', allocation, task ?? null);
  return parent === 'garden' && UUID.test(part) ? of('garden', part) : null;
}

const of = (runtime: Runtime, id: string, name: string | null = null): ContainerPath => ({
  runtime,
  id,
  name,
  podUid: null,
  unlisted: false,
});

/** The service that runs the container, as a Quadlet's: the slices around one only sort them. */
function serviceAbove(parts: readonly string[], at: number): string | null {
  const unit = unitOf(parts.slice(0, at).join('/'));
  return unit?.endsWith('.service') === true ? unit : null;
}

/** systemd.unit(5), "String Escaping for Inclusion in Unit Names": `\x2d` is a hyphen. */
function unescaped(name: string): string {
  return name.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
