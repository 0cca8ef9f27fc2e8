/** A made-up /proc or /sys in a directory of our own, for the code that takes such a root. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Tree {
  /** Path → content. */
  files?: Record<string, string | Buffer>;
  /** Path → what the symbolic link says; nothing need be there. */
  links?: Record<string, string>;
}

/** Writes the tree below `root`, making directories as needed, and gives `root`. */
export function plant(root: string, { files = {}, links = {} }: Tree): string {
  const at = (path: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    return join(root, path);
  };
  for (const [path, content] of Object.entries(files)) writeFileSync(at(path), content);
  for (const [path, target] of Object.entries(links)) symlinkSync(target, at(path));
  return root;
}

/** The text of /proc/PID/stat; fields that nobody reads are 0. */
export function statText(pid: number, comm: string, { ppid = 1, startTicks = 1000 } = {}): string {
  const fields = Array.from({ length: 50 }, () => '0');
  fields.splice(0, 2, 'S', String(ppid));
  fields[19] = String(startTicks);
  return `${pid} (${comm}) ${fields.join(' ')}\n`;
}
