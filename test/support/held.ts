/** Which BPF programs a process holds by its descriptors. */
import { readdirSync, readFileSync } from 'node:fs';

/** Ids of programs, each once. */
export function heldPrograms(pid: number | 'self'): string[] {
  const directory = `/proc/${pid}/fdinfo`;
  const infos = readdirSync(directory).map((fd) => readInfo(`${directory}/${fd}`));
  return [...new Set(infos.flatMap((info) => /^prog_id:\s+(\d+)$/m.exec(info)?.[1] ?? []))];
}

/** The descriptor that listed the directory is gone by now. */
function readInfo(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
