/**
 * What outlives a restart of the service: incidents that are not over, and whose connections there are. In: a directory of our own. Out: two
 * files in it, replaced whole, so that one that is cut off is never read. They hold for this boot of this machine alone, since cookies and
 * namespaces begin anew with the next. What cannot be read is as if it were not there.
 */
import { accessSync, constants, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { SavedOwner } from '../../aggregate/reconcile/saved-owners.js';
import { SavedIncidents } from '../../diagnose/incidents/saved.js';
import { PortchurnError } from '../../protocol/errors.js';

const INCIDENTS = 'incidents.json';
const OWNERS = 'owners.json';

/** `cookies`: base64 of little-endian halves of 32 bits. */
const Owners = Type.Array(
  Type.Object({
    process: Type.String(),
    direction: Type.Integer({ minimum: 0, maximum: 3 }),
    bound: Type.Boolean(),
    cookies: Type.String(),
    known: Type.Number(),
  }),
);

/** Bounded, since it is parsed before anything is traced. */
const MOST_BYTES = 32 << 20;

export class StateDirectory {
  /** Names of files. */
  private readonly writing = new Set<string>();
  /** Of those that could not be written last. */
  private readonly failing = new Set<string>();
  private isLast = false;

  /** Makes the directory. Throws USAGE when it cannot be written. @param boot what tells this boot from others */
  constructor(
    private readonly path: string,
    private readonly boot: string,
    private readonly log: Pick<Logger, 'warn'>,
  ) {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new PortchurnError('USAGE', `the state directory ${path} cannot be written (${code})`, {
        hint: 'give --state-dir a directory that the service may make or write',
      });
    }
  }

  /** Null: none of this boot. */
  readIncidents(): SavedIncidents | null {
    return this.read(INCIDENTS, SavedIncidents);
  }

  readOwners(): SavedOwner[] {
    const saved = this.read(OWNERS, Owners) ?? [];
    return saved.map((one) => ({ ...one, cookies: halvesOf(one.cookies) }));
  }

  /** While an earlier one is being written, nothing is: a later one follows. */
  saveIncidents(incidents: SavedIncidents): void {
    this.save(INCIDENTS, incidents, 'incidents were not saved: a restart will forget them');
  }

  /** In the same way. */
  saveOwners(owners: readonly SavedOwner[]): void {
    this.save(OWNERS, packed(owners), 'owners of connections were not saved: a restart will forget them');
  }

  /** When the service ends: what is being written then is older, and takes no place any more. */
  saveAll(incidents: SavedIncidents, owners: readonly SavedOwner[]): void {
    this.isLast = true;
    try {
      this.replace(INCIDENTS, this.textOf(incidents));
      this.replace(OWNERS, this.textOf(packed(owners)));
    } catch (err) {
      this.log.warn({ err }, 'incidents were not saved: a restart will forget them');
    }
  }

  private save(name: string, content: object, warning: string): void {
    if (this.writing.has(name)) return;
    this.writing.add(name);
    this.write(name, content)
      .then(() => this.failing.delete(name))
      .catch((err) => this.complain(name, err, warning))
      .finally(() => this.writing.delete(name));
  }

  private async write(name: string, content: object): Promise<void> {
    const file = join(this.path, name);
    await writeFile(`${file}.new`, this.textOf(content), { mode: 0o600 });
    if (!this.isLast) await rename(`${file}.new`, file);
  }

  /** Once, until it works again: a disk stays full for hours. */
  private complain(name: string, err: unknown, warning: string): void {
    if (!this.failing.has(name)) this.log.warn({ err }, warning);
    this.failing.add(name);
  }

  private replace(name: string, text: string): void {
    const file = join(this.path, name);
    writeFileSync(`${file}.last`, text, { mode: 0o600 });
    renameSync(`${file}.last`, file);
  }

  private textOf(content: object): string {
    return JSON.stringify({ boot: this.boot, content });
  }

  private read<Schema extends TSchema>(name: string, schema: Schema): Static<Schema> | null {
    try {
      const text = readFileSync(join(this.path, name));
      if (text.length > MOST_BYTES) return null;
      const { boot, content } = JSON.parse(text.toString()) as { boot?: unknown; content?: unknown };
      if (boot !== this.boot) return null;
      if (Compile(schema).Check(content)) return content as Static<Schema>;
      this.log.warn({ file: name }, 'saved by another version: not read');
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code !== 'ENOENT') this.log.warn({ err, file: name }, 'not read');
    }
    return null;
  }
}

const packed = (owners: readonly SavedOwner[]) =>
  owners.map((one) => ({ ...one, cookies: textOf(one.cookies) }));

function textOf(halves: readonly number[]): string {
  return Buffer.from(Uint32Array.from(halves).buffer).toString('base64');
}

function halvesOf(text: string): number[] {
  const bytes = Buffer.from(text, 'base64');
  const whole = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~7));
  return [...new Uint32Array(whole)];
}
