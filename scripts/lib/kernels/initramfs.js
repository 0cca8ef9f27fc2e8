/**
 * The guest's first steps: an initramfs that mounts this machine's root, or a folder of it, read-only, below a tmpfs that takes what is
 * written, and runs a script of the checkout in there. In: a Kernel, the script, a View. Out: a cpio archive.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT } from '../run.js';
import { BUSYBOX } from './kernel.js';

/** @typedef {import('./kernel.js').Kernel} Kernel */
/**
 * @typedef {{ busybox: string, root: string, layer: string | null }} View what a guest sees of this machine. `busybox`: static, for the
 *   guest's processor; `root`: the folder that is its root, "": this machine's; `layer`: a folder that lies over the checkout there; null: the
 *   checkout is below that root
 */

/** What it takes to see this machine's files. A kernel that has one built in lists no such module. */
const MODULES = ['virtio_pci', 'virtiofs', 'overlay'];
/** The name of the share, for qemu and for mount. */
export const SHARE = 'machine';

/**
 * The files of these modules and of all they need, in an order in which they can be loaded.
 * @param {Kernel} kernel
 */
function moduleFiles(kernel) {
  const lines = readFileSync(join(kernel.modules, 'modules.dep'), 'utf8').split('\n').filter(Boolean);
  const needs = new Map(
    lines.map((line) => {
      const [path = '', ...others] = line.split(/[:\s]+/).filter(Boolean);
      return [basename(path, '.ko'), [...others.reverse(), path]];
    }),
  );
  return [...new Set(MODULES.flatMap((name) => needs.get(name) ?? []))];
}

/** Folders one over the other; what is written there is in memory. @param {string} name @param {string} lower with colons @param {string} at */
const overlay = (name, lower, at) => `/busybox mkdir -p /upper/${name}/files /upper/${name}/work ${at}
/busybox mount -t overlay -o lowerdir=${lower},upperdir=/upper/${name}/files,workdir=/upper/${name}/work ${name} ${at} || /busybox poweroff -f`;

/** The layer may be a folder of the checkout, which one overlay does not take; it takes another overlay. @param {string} layer */
const checkoutBelow = (layer) => `${overlay('layer', `/lower${layer}`, '/layer')}
${overlay('checkout', `/layer:/lower${ROOT}`, `/root${ROOT}`)}`;

/** @param {string[]} files @param {string} script @param {View} view */
const init = (files, script, { root, layer }) => `#!/busybox sh
/busybox mount -t proc proc /proc
/busybox mount -t sysfs sys /sys
/busybox mount -t devtmpfs dev /dev
${files.map((file) => `/busybox insmod /${basename(file)}`).join('\n')}
/busybox mount -t virtiofs -o ro ${SHARE} /lower || /busybox poweroff -f
/busybox mount -t tmpfs written /upper
${overlay('root', `/lower${root}`, '/root')}
${layer === null ? '' : checkoutBelow(layer)}
for filesystem in proc sys dev; do /busybox mount --move /$filesystem /root/$filesystem; done
exec /busybox switch_root /root /bin/sh ${script}
`;

/**
 * @param {Kernel} kernel
 * @param {string} script to run, as the guest's root has it
 * @param {View} view
 * @returns {string} the archive
 */
export function makeInitramfs(kernel, script, view) {
  const tree = join(kernel.directory, 'initramfs');
  const archive = `${tree}.cpio`;
  rmSync(tree, { recursive: true, force: true });
  for (const name of ['proc', 'sys', 'dev', 'lower', 'upper', 'root'])
    mkdirSync(join(tree, name), { recursive: true });
  cpSync(view.busybox, join(tree, 'busybox'));
  const files = moduleFiles(kernel);
  for (const file of files) cpSync(join(kernel.modules, file), join(tree, basename(file)));
  writeFileSync(join(tree, 'init'), init(files, script, view), { mode: 0o755 });
  execFileSync('/bin/sh', ['-c', `find . | ${BUSYBOX} cpio -o -H newc > ${archive}`], {
    cwd: tree,
    stdio: 'pipe',
  });
  return archive;
}
