/** What a user without privilege can do to a machine, each as a program that ends with its test. */
import { chmodSync, chownSync, copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Netns } from '../support/netns.js';
import { type Running, start } from '../support/process.js';
import type { Scope } from '../support/scope.js';
import { ROOT } from '../support/service.js';

const NOBODY = 65_534;

export interface LinkStorm {
  /** Processes at once. */
  workers: number;
  processes: number;
  /** Gives up after these. */
  seconds: number;
}

/**
 * Processes that are all different programs (links to one file), each of which fails to connect once. Prints "ran N". The file
 * belongs to the user: of another's file nobody may make links.
 */
export async function linkStorm(scope: Scope, netns: Netns, storm: LinkStorm): Promise<Running> {
  const { workers, processes, seconds } = storm;
  const directory = scope.directory();
  const file = join(directory, 'linkstorm');
  copyFileSync(join(ROOT, 'out/tools/linkstorm'), file);
  for (const path of [directory, file]) chownSync(path, NOBODY, NOBODY);
  chmodSync(file, 0o755);
  const words = [file, directory, '9', ...[workers, processes, seconds].map(String)];
  return start(scope, words, { netns, user: 'nobody' });
}

/** Handed over as text: the user may not be able to read this checkout. */
const OWN_NAMESPACES = readFileSync(join(ROOT, 'test/programs/own_namespaces.py'), 'utf8');

/**
 * Processes in user and network namespaces of their own that connect to themselves so often. Prints the inodes of the
 * namespaces and "done"; they end when stdin does.
 */
export function ownNamespaces(scope: Scope, namespaces: number, connections: number): Promise<Running> {
  const words = ['/usr/bin/python3', '-c', OWN_NAMESPACES, String(namespaces), String(connections)];
  return start(scope, words, { user: 'nobody', cwd: '/' });
}
