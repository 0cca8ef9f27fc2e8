/**
 * A virtual machine by software emulation, which needs no privilege of the processor: it sees this machine's files
 * through virtiofsd, says what it does on its first serial line and gives its result on the second.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { programPath } from '../packages.js';
import { background, run } from '../run.js';
import { SHARE } from './initramfs.js';

const MEMORY = '3G';
/**
 * @typedef {{ program: string, processor: string[], console: string, result: string, resultPort: (file: string) => string[] }} Machine
 *   `console`: what the kernel is told of it; `result`: the device that takes the result; `resultPort`: qemu's words for it
 */

/**
 * No vector instructions beyond SSE4: they cost more to emulate than they save. The time stamp counter can be trusted, since
 * it is the host's; the kernel would find that out too slowly and take a clock that traps into the emulator. Nor does it ask whether
 * the timer interrupts: an emulator that waits for a processor is late, and the kernel gives up ("IO-APIC + timer doesn't work").
 */
/** @type {Machine} */
export const X64 = {
  program: 'qemu-system-x86_64',
  processor: ['-cpu', 'Nehalem'],
  console: 'console=ttyS0 tsc=reliable clocksource=tsc no_timer_check',
  result: '/dev/ttyS1',
  resultPort: (file) => ['-serial', `file:${file}`],
};
/** A processor without signed pointers, which cost more to emulate than all else. @type {Machine} */
export const ARM64 = {
  program: 'qemu-system-aarch64',
  processor: ['-machine', 'virt', '-cpu', 'cortex-a72'],
  console: 'console=ttyAMA0',
  result: '/dev/ttyS0',
  resultPort: (file) => ['-chardev', `file,id=result,path=${file}`, '-device', 'pci-serial,chardev=result'],
};
const EMULATION = ['-accel', 'tcg,thread=multi', '-smp', '2'];
const COMMAND_LINE = 'quiet panic=-1 mitigations=off';

/**
 * Boots, and waits until the machine has switched itself off.
 * @param {{ kernel: import('./kernel.js').Kernel, initramfs: string, minutes: number, idle: boolean, machine: Machine }} options
 *   `idle`: only while nobody else wants the processor
 * @returns {Promise<{ console: string, result: string }>}
 */
export async function boot({ kernel, initramfs, minutes, idle, machine }) {
  const file = (/** @type {string} */ name) => join(kernel.directory, name);
  const [socket, console, result] = [file('share.socket'), file('console.txt'), file('result.txt')];
  for (const old of [socket, console, result]) rmSync(old, { force: true });
  const share = await background(
    programPath('virtiofsd') ?? 'virtiofsd',
    [`--socket-path=${socket}`, '-o', 'source=/', '-o', 'cache=always', '-o', 'sandbox=chroot'],
    { ready: /Waiting for vhost-user/, idle },
  );
  const words = [
    ...['--kill-after=10', `${minutes}m`, machine.program, ...machine.processor, ...EMULATION],
    ...['-nodefaults', '-no-reboot', '-display', 'none', '-m', MEMORY],
    ...['-serial', `file:${console}`, ...machine.resultPort(result)],
    ...['-object', `memory-backend-memfd,id=memory,size=${MEMORY},share=on`, '-numa', 'node,memdev=memory'],
    ...['-chardev', `socket,id=share,path=${socket}`],
    ...['-device', `vhost-user-fs-pci,chardev=share,tag=${SHARE}`],
    ...['-kernel', kernel.image, '-initrd', initramfs, '-append'],
    `${machine.console} ${COMMAND_LINE}`,
  ];
  await run('timeout', words, { idle });
  share.stop();
  return { console: textOf(console), result: textOf(result) };
}

/** @param {string} path */
function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
