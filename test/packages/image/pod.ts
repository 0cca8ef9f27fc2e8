/**
 * The image as a node's runtime starts it: by runc, with what the DaemonSet says, read from the manifest, and with what containerd adds to every
 * container. Out: words that start it and that run a command inside. No kubelet is needed.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IMAGE, REFERENCE } from '../../../scripts/package/image/image.js';
import { PACKAGES } from '../../../scripts/package/places.js';
import { must } from '../../support/process.js';
import type { Scope } from '../../support/scope.js';
import type { Manifest } from './kubernetes.js';

export const ARCHIVE = join(PACKAGES, IMAGE);

export interface Image {
  /** Its files. */
  readonly root: string;
  readonly config: {
    readonly Env: readonly string[];
    readonly Entrypoint: readonly string[];
    readonly Cmd: readonly string[];
    readonly Labels: Readonly<Record<string, string>>;
  };
}

/** Unpacked by buildah, which checks every digest. */
export async function unpackImage(scope: Scope): Promise<Image> {
  const folder = scope.directory();
  const storage = ['--storage-driver=vfs', '--root', join(folder, 'root'), '--runroot', join(folder, 'run')];
  const buildah = async (...words: string[]) =>
    (await must(['buildah', ...storage, ...words], { withinMs: 200_000 })).stdout.trim();
  const container = await buildah('from', '--quiet', `oci-archive:${ARCHIVE}:${REFERENCE}`);
  const root = await buildah('mount', container);
  const { OCIv1 } = JSON.parse(await buildah('inspect', container));
  return { root, config: OCIv1.config };
}

interface Volume {
  readonly name: string;
  readonly hostPath?: { readonly path: string };
  readonly secret?: { readonly defaultMode: number };
}

interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
  readonly mountPropagation?: string;
}

export const TOKEN = 'a-token-of-the-tests-0123';

/** As the kubelet does it: names lead through a link to a folder that is replaced as a whole. */
function secretIn(folder: string, mode: number): string {
  mkdirSync(join(folder, '..now'));
  writeFileSync(join(folder, '..now/token'), TOKEN);
  chmodSync(join(folder, '..now/token'), mode);
  symlinkSync('..now', join(folder, '..data'));
  symlinkSync('..data/token', join(folder, 'token'));
  return folder;
}

/** A directory of the node that this machine lacks, and the state, are the test's own. */
function sourceOf(scope: Scope, { name, hostPath, secret }: Volume): string {
  if (secret) return secretIn(scope.directory(), secret.defaultMode);
  if (hostPath && name !== 'state' && existsSync(hostPath.path)) return hostPath.path;
  const folder = scope.directory();
  if (!hostPath) chmodSync(folder, 0o777); // emptyDir
  return folder;
}

const bind = (source: string, { mountPath, readOnly, mountPropagation }: VolumeMount) => ({
  destination: mountPath,
  type: 'bind',
  source,
  options: ['rbind', readOnly ? 'ro' : 'rw', mountPropagation === 'HostToContainer' ? 'rslave' : 'rprivate'],
});

const mount = (destination: string, type: string, ...options: string[]) => ({
  destination,
  type,
  source: type,
  options: ['nosuid', 'noexec', ...options],
});

const USUAL = [
  mount('/proc', 'proc', 'nodev'),
  mount('/dev', 'tmpfs', 'strictatime', 'mode=755', 'size=65536k'),
  mount('/dev/pts', 'devpts', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'),
  mount('/dev/shm', 'tmpfs', 'nodev', 'mode=1777', 'size=65536k'),
  mount('/sys', 'sysfs', 'nodev', 'ro'),
];
const MASKED = ['/proc/acpi', '/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/timer_list'];
const MASKED_MORE = ['/proc/timer_stats', '/proc/sched_debug', '/proc/scsi', '/sys/firmware'];
const READ_ONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

interface Rule {
  readonly names: string[];
  readonly action: string;
  readonly args: unknown;
  readonly errnoRet?: number;
  readonly includes: { caps?: string[]; arches?: string[] };
  readonly excludes: { caps?: string[]; arches?: string[] };
}

/** The filter that Debian's runtimes have for containers, with these capabilities. */
function defaultFilter(capabilities: readonly string[]) {
  const { syscalls, ...profile } = JSON.parse(readFileSync('/usr/share/containers/seccomp.json', 'utf8'));
  const held = (names: string[] = []) => names.some((name) => capabilities.includes(name));
  const applies = ({ includes, excludes }: Rule) =>
    (!includes.caps || held(includes.caps)) &&
    !held(excludes.caps) &&
    (!includes.arches || includes.arches.includes('amd64')) &&
    !excludes.arches?.includes('amd64');
  const rules = (syscalls as Rule[])
    .filter(applies)
    .map(({ names, action, args, errnoRet }) => ({ names, action, args, ...(errnoRet && { errnoRet }) }));
  return {
    defaultAction: profile.defaultAction,
    defaultErrnoRet: profile.defaultErrnoRet,
    architectures: ['SCMP_ARCH_X86_64'],
    syscalls: rules,
  };
}

export interface Change {
  /** Instead of what the manifest says. */
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  /** Of the list of the manifest. */
  readonly without?: string;
  readonly env?: Readonly<Record<string, string>>;
}

function capabilitiesOf(names: readonly string[]) {
  return { bounding: names, effective: names, permitted: names };
}

/** The configuration of runc. */
function bundle(scope: Scope, { root, config }: Image, daemonSet: Manifest, change: Change) {
  const pod = daemonSet.spec.template.spec;
  const [container] = pod.containers;
  const { securityContext } = container;
  const names = securityContext.capabilities.add
    .filter((name: string) => name !== change.without)
    .map((name: string) => `CAP_${name}`);
  const sources = new Map<string, string>(
    pod.volumes.map((volume: Volume) => [volume.name, sourceOf(scope, volume)]),
  );
  const given = container.env.map(({ name, value }: Record<string, string>) => `${name}=${value}`);
  const more = Object.entries(change.env ?? {}).map(([name, value]) => `${name}=${value}`);
  const command = change.command ?? container.command ?? config.Entrypoint;
  const ofPod = [pod.hostPID ? [] : ['pid'], pod.hostNetwork ? [] : ['network', 'uts']].flat();
  return {
    sources,
    spec: {
      ociVersion: '1.0.2',
      root: { path: root, readonly: securityContext.readOnlyRootFilesystem },
      process: {
        user: { uid: securityContext.runAsUser, gid: securityContext.runAsGroup },
        args: [...command, ...(change.args ?? container.args)],
        env: [...config.Env, ...given, ...more],
        cwd: '/',
        capabilities: capabilitiesOf(names),
        noNewPrivileges: !securityContext.allowPrivilegeEscalation,
      },
      mounts: [
        ...USUAL,
        ...container.volumeMounts.map((one: VolumeMount) => bind(sources.get(one.name) ?? '', one)),
      ],
      linux: {
        namespaces: ['mount', 'ipc', 'cgroup', ...ofPod].map((type) => ({ type })),
        maskedPaths: [...MASKED, ...MASKED_MORE],
        readonlyPaths: READ_ONLY,
        seccomp: securityContext.seccompProfile.type === 'RuntimeDefault' ? defaultFilter(names) : undefined,
      },
    },
  };
}

export interface Pod {
  /** Starts its container; it ends with it. */
  readonly start: string[];
  /** Runs a command in it, as `kubectl exec` does. */
  exec(...words: string[]): string[];
  /** The node's directory of the unix socket. */
  readonly sockets: string;
}

let count = 0;

export function podOf(scope: Scope, image: Image, daemonSet: Manifest, change: Change = {}): Pod {
  const folder = scope.directory();
  const { spec, sources } = bundle(scope, image, daemonSet, change);
  writeFileSync(join(folder, 'config.json'), JSON.stringify(spec));
  const name = `portchurn-test-${process.pid}-${++count}`;
  const runc = ['runc', '--root', join(folder, 'state')];
  return {
    start: [...runc, 'run', '--bundle', folder, name],
    exec: (...words) => [...runc, 'exec', name, ...words],
    sockets: sources.get('socket') ?? '',
  };
}
