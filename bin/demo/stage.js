/**
 * The stage of `portchurn demo`, run in a network namespace of its own: a small port range and three programs. In: a line of JSON for each
 * scene on standard input, `{"checkout": "reuse" | "churn", "report": true | false}`. Out: `{"netns": INODE}` when the server listens. It
 * ends with its input, and its programs with theirs, so that nothing is left, whatever ends the demo: the namespace goes with the last
 * process in it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SETTINGS = { ip_local_port_range: '40000 40999', tcp_tw_reuse: '0' };
/** @type {Map<string, ReturnType<typeof start>>} */
const programs = new Map();

const up = spawnSync('ip', ['link', 'set', 'lo', 'up'], { stdio: ['ignore', 'ignore', 'inherit'] });
if (up.status !== 0) process.exit(1);
for (const [name, value] of Object.entries(SETTINGS)) writeFileSync(`/proc/sys/net/ipv4/${name}`, value);

const server = start('server', []);
server.stdout.once('data', () => {
  console.log(JSON.stringify({ netns: statSync('/proc/self/ns/net').ino }));
});

const input = createInterface({ input: process.stdin });
input.on('line', (line) => {
  const { checkout, report } = JSON.parse(line);
  play('checkout', checkout === undefined ? null : [checkout]);
  play('report', report ? [] : null);
});
input.on('close', () => process.exit());

/**
 * @param {string} name
 * @param {string[] | null} args null: it does not run
 */
function play(name, args) {
  const before = programs.get(name);
  if (before?.spawnargs.slice(2).join() === args?.join()) return;
  before?.stdin.end();
  programs.delete(name);
  if (args !== null) programs.set(name, start(name, args));
}

/**
 * @param {string} name
 * @param {string[]} args
 */
function start(name, args) {
  const file = fileURLToPath(new URL(`${name}.js`, import.meta.url));
  return spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
}
