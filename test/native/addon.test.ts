/** The addon as JavaScript sees it, without privilege: what it exports, and how wrong calls end. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadAddon, mismatchOf } from '../../src/capture/load-addon.js';
import type { NativeError, TracerOptions } from '../../src/capture/native.js';
import { EVENT_FORMAT, RECORDS } from '../../src/decode/layout.js';
import { loadedByRoot, withoutPrivilege } from '../support/privilege.js';

const addon = loadAddon();

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** Names of the methods that an interface of native.ts declares. */
function declared(name: string): string[] {
  const body =
    new RegExp(`interface ${name} \\{([\\s\\S]*?)\\n\\}`).exec(read('src/capture/native.ts'))?.[1] ?? '';
  return [...body.matchAll(/^ {2}(\w+)\(/gm)].map((match) => match[1] as string);
}

/** Names of the methods that a file of native/js/ defines for JavaScript. */
const defined = (file: string) =>
  [...read(file).matchAll(/InstanceMethod<&\w+::\w+>\("(\w+)"\)/g)].map((match) => match[1] as string);

describe('the addon', () => {
  it('is of this version, knows this format and every record of it', () => {
    expect(mismatchOf(addon)).toBeNull();
    expect(addon.eventFormat).toBe(EVENT_FORMAT);
    expect(Object.keys(addon.sizes).sort()).toEqual(Object.keys(RECORDS).sort());
    expect(addon.libbpf).toMatch(/^v?\d+\.\d+/);
  });

  it.each([
    ['NativeTracer', 'native/js/tracer_object.cc'],
    ['NativeSocketDumper', 'native/js/dumper_object.cc'],
  ])('defines the methods that %s declares', (name, file) => {
    expect(defined(file)).not.toEqual([]);
    expect(defined(file).sort()).toEqual(declared(name).sort());
  });

  it.each([undefined, null, 5, {}, { ringBytes: 'much' }, { ringBytes: 4096 }])(
    'answers openTracer(%j) with an error, not a crash',
    (options) => {
      expect(() => addon.openTracer(options as unknown as TracerOptions)).toThrow();
    },
  );
});

describe('without privilege', () => {
  it('openTracer says which operation failed, why, and what libbpf said', async () => {
    const error = await withoutPrivilege<NativeError>(
      'addon.openTracer({ ringBytes: 65536, syscalls: true })',
    );
    expect(error).toMatchObject({ code: 'EPERM', errno: 1 });
    expect(error.operation).toMatch(/^(open|load) the BPF/);
    expect(error.log).toMatch(/EPERM|Operation not permitted|permission/i);
    expect(error.log.split('\n').length).toBeLessThanOrEqual(21);
  });

  it('gives the same answer each time, with the log of that time only', async () => {
    const [first, second] = await Promise.all([1, 2].map(() => withoutPrivilege<NativeError>(loadedByRoot)));
    expect(first?.code).toBe(second?.code);
    expect(first?.log.split('\n').length).toBe(second?.log.split('\n').length);
  });
});
