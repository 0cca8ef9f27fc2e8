/** A containerd of the test's own, with everything in one directory, that asks for nothing which a container in a container may not do. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Netns } from './netns.js';
import { start } from './process.js';
import type { Scope } from './scope.js';

/** Where distributions have the plugins for networks of pods. */
const PLUGINS = ['/usr/lib/cni', '/usr/libexec/cni', '/opt/cni/bin'];

/** Of a containerd in this directory: what says how its pods get a network. */
export const networksOf = (directory: string): string => join(directory, 'networks');

/** `sandbox`: the image that its pods start with. */
const configOf = (directory: string, sandbox: string) => `version = 2
root = "${directory}/root"
state = "${directory}/state"
[grpc]
  address = "${directory}/sock"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  sandbox_image = "${sandbox}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${PLUGINS.find((folder) => existsSync(join(folder, 'ptp'))) ?? ''}"
    conf_dir = "${networksOf(directory)}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${directory}/opt"
`;

/** Waits until it serves; the words of a client of it, in the namespace that the kubelet uses. */
export async function startContainerd(
  scope: Scope,
  directory: string,
  sandbox: string,
  over: { netns?: Netns } = {},
): Promise<(...words: string[]) => string[]> {
  const config = join(directory, 'config.toml');
  writeFileSync(config, configOf(directory, sandbox));
  const daemon = await start(scope, ['containerd', '--config', config], over);
  await daemon.printed(/containerd successfully booted/);
  return (...words) => ['ctr', '--address', join(directory, 'sock'), '--namespace', 'k8s.io', ...words];
}
