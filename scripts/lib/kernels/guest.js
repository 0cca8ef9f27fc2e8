/**
 * A guest that runs tests of the kernel tier. In: a Kernel, a machine for it, what it sees of this one. Out: vitest's report.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, say } from '../run.js';
import { makeInitramfs } from './initramfs.js';
import { BUSYBOX } from './kernel.js';
import { boot, X64 } from './machine.js';

/**
 * @typedef {import('../tiers.js').Report} Report
 * @typedef {import('./kernel.js').Kernel} Kernel
 * @typedef {{ machine: import('./machine.js').Machine, view: import('./initramfs.js').View, node: string, busybox: string }} Host
 *   `node`, `busybox`: where the guest finds them
 * @typedef {{ kernel: Kernel, files: readonly string[], minutes: number, idle: boolean, host?: Host }} Job `files`: which test files, by parts
 *   of their paths; none: all; `idle`: only while nobody else wants the processor
 */

/** This machine as it is. @type {Host} */
const OWN = {
  machine: X64,
  view: { busybox: BUSYBOX, root: '', layer: null },
  node: process.execPath,
  busybox: BUSYBOX,
};
/** Waits may take so many times longer there. */
const PATIENCE = 10;

/** @param {Job} job @param {Host} host @returns {string} the script that the guest runs, its path */
function scriptOf({ kernel, files }, { machine, node, busybox }) {
  const script = join(kernel.directory, 'job.sh');
  const words = ['scripts/lib/kernels/guest.sh', kernel.modules, node, ROOT, machine.result, ...files];
  const environment = `NO_COLOR=1 TEST_PATIENCE=${PATIENCE} BUSYBOX='${busybox}'`;
  const quoted = words.map((word) => `'${word}'`).join(' ');
  writeFileSync(script, `cd '${ROOT}' && ${environment} exec /bin/sh ${quoted}\n`);
  return script;
}

/** @param {string} text @returns {Report | null} */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** @param {Job} job @returns {Promise<{ report: Report | null, console: string }>} null: it left none */
export async function testOn(job) {
  const { kernel, minutes, idle, host = OWN } = job;
  const began = performance.now();
  say(`kernels: ${kernel.release}: booting, at most ${minutes} min`);
  const initramfs = makeInitramfs(kernel, scriptOf(job, host), host.view);
  const { console, result } = await boot({ kernel, initramfs, minutes, idle, machine: host.machine });
  say(`kernels: ${kernel.release}: ${Math.round((performance.now() - began) / 1000)} s`);
  return { report: parse(result), console };
}
