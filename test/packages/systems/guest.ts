/**
 * A whole Debian 12, started by its own systemd, on its own kernel, by software emulation. In: a package, a script. Out: what the script
 * wrote. What is written in there is in memory, and gone when it has switched itself off.
 */
import { copyFileSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeInitramfs } from '../../../scripts/lib/kernels/initramfs.js';
import { BUSYBOX, fetchKernel } from '../../../scripts/lib/kernels/kernel.js';
import { boot, X64 } from '../../../scripts/lib/kernels/machine.js';
import { must } from '../../support/process.js';
import { system } from '../debian.js';

/** An init system, a server, and a client that opens a connection per request. */
const PACKAGES = ['apache2-utils', 'kmod', 'nginx', 'systemd-sysv'];
const MINUTES = 10;

/** Below the guest's root. */
const FIRST = '/opt/first.sh';
const STORY = '/opt/story.sh';
const PACKAGE = '/opt/package.deb';

const UNIT = `[Unit]
After=nginx.service
[Service]
Type=oneshot
ExecStart=/bin/sh ${STORY}
ExecStopPost=/bin/systemctl poweroff --force --force
TimeoutStartSec=infinity
StandardOutput=file:${X64.result}
StandardError=file:/dev/console
[Install]
WantedBy=multi-user.target
`;

/** Its own kernel's modules, and the lists by which the kernel asks for one. */
async function addModules(root: string, kernel: Awaited<ReturnType<typeof fetchKernel>>): Promise<void> {
  const modules = join(root, 'lib/modules', kernel.release);
  if (existsSync(modules)) return;
  mkdirSync(dirname(modules), { recursive: true });
  await must(['cp', '--recursive', kernel.modules, modules]);
  await must(['chroot', root, 'depmod', kernel.release]);
}

/** `script`: run by systemd once nginx is up; `$0`: the package. What it prints on stdout comes back. */
export async function story(deb: string, script: string): Promise<{ result: string; console: string }> {
  const root = await system('bookworm', PACKAGES);
  const kernel = await fetchKernel({ series: '6.1', flavour: 'cloud-amd64' });
  await addModules(root, kernel);
  copyFileSync(deb, join(root, PACKAGE));
  writeFileSync(join(root, FIRST), 'exec /lib/systemd/systemd\n');
  writeFileSync(join(root, STORY), script);
  writeFileSync(join(root, 'etc/systemd/system/story.service'), UNIT);
  const wanted = join(root, 'etc/systemd/system/multi-user.target.wants/story.service');
  rmSync(wanted, { force: true });
  symlinkSync('../story.service', wanted);
  const initramfs = makeInitramfs(kernel, FIRST, { busybox: BUSYBOX, root, layer: null });
  return boot({ kernel, initramfs, minutes: MINUTES, idle: false, machine: X64 });
}
