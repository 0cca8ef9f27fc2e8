/**
 * Programs that are configured badly on purpose, and the same ones configured well: small, real, paced, each in the
 * language it is about (test/programs). Each prints "ready" and goes on until it is ended.
 */
import { fileURLToPath } from 'node:url';
import type { Netns } from './netns.js';
import { type Running, start } from './process.js';
import type { Scope } from './scope.js';

const PROGRAMS = fileURLToPath(new URL('../programs/', import.meta.url));
const RUNTIMES: Record<string, string> = { py: '/usr/bin/python3', mjs: process.execPath };

/** A file of test/programs. Resolves when it has printed "ready". */
export async function program(
  scope: Scope,
  netns: Netns,
  name: string,
  address: string,
  port: number,
  ...more: (string | number)[]
): Promise<Running> {
  const runtime = RUNTIMES[name.slice(name.lastIndexOf('.') + 1)];
  const file = `${PROGRAMS}${name}`;
  const words = [...(runtime ? [runtime] : []), file, address, String(port), ...more.map(String)];
  const running = await start(scope, words, { netns });
  await running.printed(/ready/);
  return running;
}
