/** A regular file of bounded size, and whether it has changed. In: a path. Out: its bytes, or null where it is gone, forbidden, larger, or no file. */
import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';

export async function readWhole(path: string, limit: number): Promise<Buffer | null> {
  // A pipe in its place must not hold the thread that reads.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW).catch(
    () => null,
  );
  if (file === null) return null;
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > limit) return null;
    const bytes = Buffer.alloc(stat.size);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } catch {
    return null;
  } finally {
    await file.close();
  }
}

/** Another text once the file was written or replaced; '' where there is none. */
export const versionOf = (path: string): Promise<string> =>
  stat(path).then(
    ({ dev, ino, size, mtimeMs }) => `${dev} ${ino} ${size} ${mtimeMs}`,
    () => '',
  );
