/** The addon as JavaScript sees it, without privilege: what it exports, and how wrong calls end. */
import { describe, expect, it } from 'vitest';
import { mismatchOf } from '../../src/capture/load-addon.js';
import type { NativeError, TracerOptions } from '../../src/capture/native.js';
import { EVENT_FORMAT, RECORDS } from '../../src/decode/layout.js';
import { ADDON_FORMAT, openAddon } from '../../src/engine/addon.js';
import { loadedByRoot, withoutPrivilege } from './privilege.js';

const addon = openAddon();

describe('the addon', () => {
  it('is of this version, knows this format and every record of it', () => {
    expect(mismatchOf(addon, ADDON_FORMAT)).toBeNull();
    expect(addon.eventFormat).toBe(EVENT_FORMAT);
    expect(Object.keys(addon.sizes).sort()).toEqual(Object.keys(RECORDS).sort());
    expect(addon.libbpf).toMatch(/^v?\d+\.\d+/);
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
