/**
 * Where option values come from besides flags: the environment and a YAML file. In: environment, a file's path. Out:
 * raw values by option key, each with the place it came from. Unknown names are errors here, so that a typing mistake
 * never passes in silence.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { PortchurnError } from '../protocol/errors.js';
import { VERSION } from '../protocol/version.js';
import { ENV_PREFIX, flagName, keyByEnvName, keyByFileKey, nearest } from './names.js';

/** A value as it was written, and the words that lead a person back to it. */
export interface Given {
  readonly value: unknown;
  readonly origin: string;
}
export type Layer = ReadonlyMap<string, Given>;
export type Environment = Readonly<Record<string, string | undefined>>;

/** Docker and Kubernetes put addresses of a service named "portchurn" into variables of these shapes. */
const SERVICE_LINK = /^PORTCHURN_(SERVICE_(HOST|PORT)|PORT)(_|$)/;

/** Raw values of PORTCHURN_* variables. An empty variable counts as not set. */
export function fromEnvironment(env: Environment): Layer {
  const layer = new Map<string, Given>();
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(ENV_PREFIX) || value === undefined || value === '' || SERVICE_LINK.test(name))
      continue;
    const key = keyByEnvName.get(name);
    if (key === undefined) throw unknown('environment variable', name, keyByEnvName.keys());
    layer.set(key, { value, origin: `environment variable ${name}` });
  }
  return layer;
}

/** Raw values of the YAML file that --config names. Throws USAGE when it cannot be read or names what does not exist. */
export function fromFile(path: string): Layer {
  const layer = new Map<string, Given>();
  for (const [name, value] of Object.entries(mapping(path))) {
    const key = keyByFileKey.get(name);
    if (key === undefined || key === 'config') throw unknown('key', name, keyByFileKey.keys(), ` in ${path}`);
    if (value !== null) layer.set(key, { value, origin: `"${name}" in ${path}` });
  }
  return layer;
}

/** Values that the command line parser saw, by option key. */
export function fromFlags(flags: Readonly<Record<string, unknown>>): Layer {
  return new Map(Object.entries(flags).map(([key, value]) => [key, { value, origin: flagName(key) }]));
}

function mapping(path: string): Record<string, unknown> {
  const content = parsed(path, read(path)) ?? {};
  if (typeof content === 'object' && !Array.isArray(content)) return content as Record<string, unknown>;
  throw new PortchurnError('USAGE', `${path} must hold keys and values`, {
    hint: 'for example "listen: 127.0.0.1:7790"',
  });
}

function parsed(path: string, text: string): unknown {
  try {
    return parse(text, { logLevel: 'error' });
  } catch (cause) {
    const [reason = ''] = String(cause instanceof Error ? cause.message : cause).split('\n');
    throw new PortchurnError('USAGE', `${path} is not valid YAML: ${reason}`, { cause });
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PortchurnError('USAGE', `cannot read the configuration file: ${reason}`, { cause });
  }
}

function unknown(kind: string, name: string, known: Iterable<string>, where = ''): PortchurnError {
  const meant = nearest(name, known);
  const hint = meant
    ? `did you mean ${meant}?`
    : `this is ${VERSION}, a newer portchurn may know it; "portchurn serve --help" lists what there is`;
  return new PortchurnError('USAGE', `unknown ${kind} ${name}${where}`, { hint });
}
