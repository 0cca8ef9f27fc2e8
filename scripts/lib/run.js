/**
 * Running other programs from the scripts, and talking to the person who started them. Nothing here writes to stdout:
 * `npm start` keeps that for data. In: commands. Out: their exit; a Stop when set-up cannot go on.
 */
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AT_IDLE, keepIdle } from './idle.js';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Exit codes of the contract: 1 failed, 77 missing privilege, 130 interrupted. */
export const EXIT = { failed: 1, privilege: 77, interrupted: 130 };

/** Ends the script with a message for a person and an exit code. */
export class Stop extends Error {
  /**
   * @param {string} message
   * @param {number} exitCode
   */
  constructor(message, exitCode = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** @param {string} text */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
let interrupted = false;

/**
 * A signal to the script ends what it runs: every child leads a process group of its own (a build is a tree of
 * processes), so the terminal's Ctrl-C reaches it only through here.
 * @param {NodeJS.Signals} signal
 */
async function interrupt(signal) {
  const groups = [...running].flatMap((child) => child.pid ?? []);
  interrupted = true;
  for (const group of groups) signalGroup(group, signal);
  await Promise.all(groups.map(groupGone));
  process.exit(EXIT.interrupted);
}

/**
 * @param {number} group
 * @param {NodeJS.Signals | 0} signal
 * @returns {boolean} false: nobody is left in it
 */
function signalGroup(group, signal) {
  try {
    return process.kill(-group, signal);
  } catch {
    return false;
  }
}

/**
 * Waits for the last process of a group, which may outlive its leader; after 10 s kills what is left.
 * @param {number} group
 */
async function groupGone(group) {
  const deadline = Date.now() + 10_000;
  while (signalGroup(group, 0)) {
    if (Date.now() > deadline) return void signalGroup(group, 'SIGKILL');
    await pause(20);
  }
}

/**
 * A process that leads a session, and so a process group.
 * @param {string[]} words
 * @param {{ idle: boolean, env?: NodeJS.ProcessEnv, cwd?: string, stdio: import('node:child_process').StdioOptions }} options
 */
function launch(words, { idle, ...options }) {
  const [program = '', ...args] = [...(idle ? AT_IDLE : []), ...words];
  const child = spawn(program, args, { ...options, detached: true });
  running.add(child);
  const stop = idle && child.pid ? keepIdle(child.pid) : () => {};
  child.on('exit', () => {
    running.delete(child);
    stop();
  });
  return child;
}

/**
 * Runs a program to its end, in the project's root; what it prints goes to stderr.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, stdout?: 'inherit', output?: number, idle?: boolean }} [options]
 *   `stdout`: let its output be ours; `output`: a file's descriptor that gets both its outputs; `idle`: only while nobody
 *   else wants the processor
 * @returns {Promise<number>} its exit code; 127 when there is no such program; 128 when a signal ended it
 */
export function run(command, args, options = {}) {
  const child = launch([command, ...args], {
    idle: options.idle ?? false,
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', options.stdout ?? options.output ?? 2, options.output ?? 2],
  });
  return new Promise((resolve) => {
    child.on('error', (error) => finish(child, resolve, 127, `${command}: ${error.message}`));
    child.on('exit', (code) => finish(child, resolve, code ?? 128));
  });
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {(code: number) => void} resolve
 * @param {number} code
 * @param {string} [message]
 */
function finish(child, resolve, code, message) {
  running.delete(child);
  if (message) say(message);
  // After a signal nothing goes on: interrupt() ends the script when all is quiet.
  if (!interrupted) resolve(code);
}

/**
 * Starts a program that serves another, and waits until it says on stderr that it is ready.
 * @param {string} command
 * @param {string[]} args
 * @param {{ ready: RegExp, idle?: boolean }} options `idle`: as in run()
 * @returns {Promise<{ stop(): void }>}
 */
export function background(command, args, { ready, idle = false }) {
  const child = launch([command, ...args], { idle, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  return new Promise((resolve, reject) => {
    const gone = () => reject(new Stop(`${command} ended: ${said}`));
    child.on('error', (error) => reject(new Stop(`${command}: ${error.message}`)));
    child.on('exit', gone);
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      said = (said + text).slice(-2000);
      if (ready.test(said)) resolve({ stop: () => void child.kill() });
    });
  });
}

/**
 * Like run(), but a failure stops the script.
 * @param {string} what said when it fails
 * @param {string} command
 * @param {string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 */
export async function must(what, command, args, options) {
  const code = await run(command, args, options);
  if (code !== 0) throw new Stop(`${what} failed: ${[command, ...args].join(' ')} (exit ${code})`);
}

/**
 * The last line of every script: runs its main function, turns errors into message and exit code, and signals into the end
 * of whatever runs.
 * @param {() => Promise<number | void>} body returns the exit code, 0 when nothing
 */
export async function main(body) {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, interrupt);
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    say(error.message);
    process.exitCode = error.exitCode;
  }
}
