/**
 * The guest's first steps: an initramfs that mounts this machine's root, or a folder of it, read-only, below a tmpfs that takes what is
 * written, and runs a script in there. In: a Kernel, the script, the folder. Out: a cpio archive.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { BUSYBOX } from './kernel.js';

/** @typedef {import('./kernel.js').Kernel} Kernel */

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

/** @param {string[]} files @param {string} script @param {string} root */
const init = (files, script, root) => `#!/busybox sh
/busybox mount -t proc proc /proc
/busybox mount -t sysfs sys /sys
/busybox mount -t devtmpfs dev /dev
${files.map((file) => `/busybox insmod /${basename(file)}`).join('\n')}
/busybox mount -t virtiofs -o ro ${SHARE} /lower || /busybox poweroff -f
/busybox mount -t tmpfs written /upper
/busybox mkdir /upper/files /upper/work
/busybox mount -t overlay -o lowerdir=/lower${root},upperdir=/upper/files,workdir=/upper/work root /root || /busybox poweroff -f
for filesystem in proc sys dev; do /busybox mount --move /$filesystem /root/$filesystem; done
exec /busybox switch_root /root /bin/sh ${script}
`;

/**
 * @param {Kernel} kernel
 * @param {string} script to run, as the guest's root has it
 * @param {string} root the folder that is the guest's root; "": this machine's
 * @returns {string} the archive
 */
export function makeInitramfs(kernel, script, root = '') {
  const tree = join(kernel.directory, 'initramfs');
  const archive = `${tree}.cpio`;
  rmSync(tree, { recursive: true, force: true });
  for (const name of ['proc', 'sys', 'dev', 'lower', 'upper', 'root'])
    mkdirSync(join(tree, name), { recursive: true });
  cpSync(BUSYBOX, join(tree, 'busybox'));
  const files = moduleFiles(kernel);
  for (const file of files) cpSync(join(kernel.modules, file), join(tree, basename(file)));
  writeFileSync(join(tree, 'init'), init(files, script, root), { mode: 0o755 });
  execFileSync('/bin/sh', ['-c', `find . | ${BUSYBOX} cpio -o -H newc > ${archive}`], {
    cwd: tree,
    stdio: 'pipe',
  });
  return archive;
}
