/** What a process holds by its descriptors: BPF programs, network namespaces. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Ids of programs, each once. */
export function heldPrograms(pid: number | 'self'): string[] {
  const directory = `/proc/${pid}/fdinfo`;
  const infos = readdirSync(directory).map((fd) =>
    unlessClosed(() => readFileSync(`${directory}/${fd}`, 'utf8')),
  );
  return [...new Set(infos.flatMap((info) => /^prog_id:\s+(\d+)$/m.exec(info)?.[1] ?? []))];
}

/** Network namespaces, as `net:[INODE]`. */
export function heldNamespaces(pid: number): string[] {
  const directory = `/proc/${pid}/fd`;
  const links = readdirSync(directory).map((fd) => unlessClosed(() => readlinkSync(`${directory}/${fd}`)));
  return links.filter((link) => link.startsWith('net:'));
}

/** Empty when the descriptor is gone by now: the one that listed the directory always is. */
function unlessClosed(read: () => string): string {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
