/** What a figure depends on: machine, kernel, versions, the command. Out: the header of the output. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

export function describeMachine(words: readonly string[]): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return [
    `command  npm run bench${words.length > 0 ? ` -- ${words.join(' ')}` : ''}`,
    `machine  ${availableParallelism()} × ${cpu?.model.trim() ?? 'unknown CPU'}, ${memory} GiB`,
    `kernel   ${release()}, ${distribution()}`,
    `node     ${process.version}, commit ${commit()}`,
    `when     ${new Date().toISOString().slice(0, 16)}Z, load before ${loadavg()[0]?.toFixed(2)}`,
  ].join('\n');
}

function distribution(): string {
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown';
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
