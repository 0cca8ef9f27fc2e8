/** Before the tier: the packages, made as a user of the clone makes them. */
import { execFileSync } from 'node:child_process';
import { ROOT } from '../../scripts/lib/run.js';

export default function setup(): void {
  execFileSync('npm', ['run', '--silent', 'package', '--', 'npm', 'tar'], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
