/**
 * Every option of the schema is read by somebody: the compiler does not see a value that nothing reads. For the service and the
 * tracer by what serveConfig() takes; for the other commands by the text of src/cli.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/config/options.js';
import { resolve } from '../../../src/config/resolve.js';
import { serveConfig } from '../../../src/config/serve-config.js';

/** Read before there are values, or by every command alike. */
const ELSEWHERE = ['config', 'logLevel', 'keepPrivileges'];
const SERVE = Object.keys(COMMANDS.serve.options);

it('each option of serve is in its configuration', () => {
  const read = new Set<string | symbol>(ELSEWHERE);
  const values = new Proxy(resolve('serve', {}, {}), {
    get: (target, key) => {
      read.add(key);
      return Reflect.get(target, key);
    },
  });
  serveConfig(values);
  expect(
    SERVE.filter((key) => !read.has(key)),
    'src/config/serve-config.ts or tracer-options.ts',
  ).toEqual([]);
});

describe('each option of', () => {
  const root = fileURLToPath(new URL('../../../src/cli/', import.meta.url));
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => /\.ts$/.test(name));
  const text = files.map((name) => readFileSync(root + name, 'utf8')).join('\n');
  const isRead = (key: string) => new RegExp(`(\\.|[{,]\\s*)${key}\\b`).test(text);
  const others = (Object.keys(COMMANDS) as (keyof typeof COMMANDS)[]).filter((name) => name !== 'serve');

  it.each(others)('%s is read in src/cli', (name) => {
    const own = Object.keys(COMMANDS[name].options).filter((key) => !SERVE.includes(key));
    expect(own.filter((key) => !isRead(key))).toEqual([]);
  });
});
