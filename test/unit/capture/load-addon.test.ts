import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { addonIn, loadAddon, mismatchOf } from '../../../src/capture/load-addon.js';
import type { NativeAddon } from '../../../src/capture/native.js';
import { ADDON_FORMAT } from '../../../src/engine/addon.js';
import { PortchurnError } from '../../../src/protocol/errors.js';
import { VERSION } from '../../../src/protocol/version.js';
import { testScope } from '../../support/scope.js';

const sizes = ADDON_FORMAT.sizes as NativeAddon['sizes'];
const { eventFormat } = ADDON_FORMAT;
const fitting = { version: VERSION, eventFormat, sizes };

/** What loadAddon says of a module with this source. */
function refusal(source: string): PortchurnError {
  const path = join(testScope().directory(), 'addon.cjs');
  writeFileSync(path, source);
  return refusalOf(path);
}

function refusalOf(path: string): PortchurnError {
  try {
    loadAddon(ADDON_FORMAT, path);
  } catch (error) {
    return error as PortchurnError;
  }
  throw new Error('it was accepted');
}

it('the addon of a package for several processors is the one for this one; without such it is the only one', () => {
  const directory = testScope().directory();
  const folder = pathToFileURL(`${directory}/`);
  for (const name of ['portchurn-x64.node', 'portchurn-arm64.node']) writeFileSync(join(directory, name), '');
  expect(addonIn(folder, 'arm64')).toBe(join(directory, 'portchurn-arm64.node'));
  expect(addonIn(folder, 'x64')).toBe(join(directory, 'portchurn-x64.node'));
  expect(addonIn(folder, 'riscv64')).toBe(join(directory, 'portchurn.node'));
});

describe('an addon', () => {
  it('fits when version, format and all sizes do', () => {
    expect(mismatchOf(fitting, ADDON_FORMAT)).toBeNull();
  });

  it.each([
    ['version', { version: '0.0.1' }, /version 0\.0\.1/],
    ['event format', { eventFormat: eventFormat + 1 }, /event format/],
    ['size of a record', { sizes: { ...sizes, tcp_event: sizes.tcp_event + 8 } }, /tcp_event has/],
    ['size of the last record', { sizes: { ...sizes, overflow_key: 8 } }, /overflow_key has 8 bytes/],
  ])('of another %s is named stale', (_, other, words) => {
    expect(mismatchOf({ ...fitting, ...other }, ADDON_FORMAT)).toMatch(words);
    const error = refusal(`module.exports = ${JSON.stringify({ ...fitting, ...other })}`);
    expect(error).toBeInstanceOf(PortchurnError);
    expect(error).toMatchObject({ code: 'ADDON_STALE', exitCode: 1, hint: 'npm run setup' });
    expect(error.message).toMatch(words);
  });

  it('that is older than the check is named stale, not a crash', () => {
    expect(refusal('module.exports = {}')).toMatchObject({ code: 'ADDON_STALE' });
    expect(refusal(`module.exports = ${JSON.stringify({ ...fitting, sizes: undefined })}`)).toMatchObject({
      code: 'ADDON_STALE',
    });
  });

  it('that leaves out a record is named stale', () => {
    const { overflow_key: _, ...fewer } = sizes;
    expect(refusal(`module.exports = ${JSON.stringify({ ...fitting, sizes: fewer })}`)).toMatchObject({
      code: 'ADDON_STALE',
    });
  });

  it('that is missing or broken is named with the command that builds it', () => {
    const missing = refusalOf('/nonexistent/portchurn.node');
    expect(missing).toMatchObject({ code: 'ADDON_MISSING', exitCode: 1, hint: 'npm run setup' });
    expect(refusal('throw new Error("no such symbol: bpf_object__open_mem")')).toMatchObject({
      code: 'ADDON_MISSING',
      message: expect.stringContaining('no such symbol'),
    });
  });
});
