/** Who holds which socket, from a /proc of our own making. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Holder, SocketHolders } from '../../../src/system/holders.js';

const ROOT = mkdtempSync(join(tmpdir(), 'portchurn-holders-'));
afterAll(() => rmSync(ROOT, { recursive: true }));

/** A process with these descriptors. */
function process(pid: number, startTicks: number, ...links: string[]): void {
  const directory = join(ROOT, String(pid));
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(join(directory, 'fd'), { recursive: true });
  const zeros = Array.from({ length: 17 }, () => '0').join(' ');
  writeFileSync(join(directory, 'stat'), `${pid} (a) b) S 1 ${zeros} ${startTicks} 0 0\n`);
  links.forEach((link, fd) => {
    symlinkSync(link, join(directory, 'fd', String(fd)));
  });
}

describe('a scan', () => {
  const gone: Holder[] = [];
  const holders = new SocketHolders((holder) => gone.push(holder), ROOT);

  it('finds the holder of each socket, and only of sockets', async () => {
    process(10, 100, '/dev/null', 'socket:[501]', 'pipe:[502]', 'socket:[503]');
    process(11, 110, 'socket:[504]');
    mkdirSync(join(ROOT, 'net'));
    await holders.scan();
    expect([501, 502, 503, 504].map((inode) => holders.of(inode)?.pid ?? null)).toEqual([10, null, 10, 11]);
    expect(holders.of(501)).toEqual({ pid: 10, startTicks: 100 });
    expect(gone).toEqual([]);
  });

  it('forgets what is closed, and says who has exited: not who only closed, but also whose pid is another’s now', async () => {
    process(10, 100);
    process(11, 999, 'socket:[504]');
    await holders.scan();
    expect([holders.of(501), holders.of(504)]).toEqual([null, { pid: 11, startTicks: 999 }]);
    expect(gone).toEqual([{ pid: 11, startTicks: 110 }]);
    rmSync(join(ROOT, '11'), { recursive: true });
    await holders.scan();
    expect(gone.at(-1)).toEqual({ pid: 11, startTicks: 999 });
  });
});
