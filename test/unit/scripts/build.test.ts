/**
 * What the build promises to npm, to node-gyp and to whoever reads CMakeLists.txt.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../scripts/lib/run.js';
import { CMAKE_JS } from '../../../scripts/lib/steps.js';

const read = (path: string) => readFileSync(`${ROOT}/${path}`, 'utf8');
const json = (path: string) => JSON.parse(read(path));

describe('binding.gyp', () => {
  const gyp = json('binding.gyp');

  it('is one target that builds nothing itself and calls cmake-js once', () => {
    expect(Object.keys(gyp)).toEqual(['targets']);
    expect(gyp.targets).toHaveLength(1);
    const [target] = gyp.targets;
    expect(Object.keys(target).sort()).toEqual(['actions', 'target_name', 'type']);
    expect(target).toMatchObject({ target_name: 'portchurn', type: 'none' });
    expect(target.actions).toHaveLength(1);
    expect(target.actions[0].action).toContain('cmake-js');
    expect(target.actions[0].inputs).toEqual([]);
  });

  it('names no source, no flag and no library: these stand in CMakeLists.txt', () => {
    expect(read('binding.gyp')).not.toMatch(
      /\.(cc?|h|S)\b|cflags|defines|include|libraries|-std|-W|-O\d|-l\w/,
    );
  });

  it('says to cmake-js what the set-up says', () => {
    expect(gyp.targets[0].actions[0].action).toEqual(['npx', '--no-install', 'cmake-js', ...CMAKE_JS]);
  });
});

describe('package.json', () => {
  const { scripts, binary, version } = json('package.json');

  it('has an install script of its own, so that npm never runs node-gyp because of binding.gyp', () => {
    expect(scripts.install).toBe('exit 0');
  });

  it('asks for Node-API 8, which makes cmake-js use headers from npm and download none', () => {
    expect(binary).toEqual({ napi_versions: [8] });
    expect(read('CMakeLists.txt')).toContain('NAPI_VERSION=8');
  });

  it('has the scripts people type', () => {
    for (const name of ['start', 'test', 'setup', 'lint', 'format', 'build'])
      expect(scripts).toHaveProperty(name);
  });

  it('is of the version the lock and the changelog know', () => {
    expect(json('package-lock.json').version).toBe(version);
    expect(read('CHANGELOG.md')).toContain('## [Unreleased]');
  });
});

describe('licences', () => {
  it('the BPF program is free for the kernel, the rest is MIT', () => {
    expect(read('LICENSE')).toMatch(/^MIT License/);
    expect(json('package.json').license).toBe('MIT');
    const [first] = read('bpf/churn.bpf.c').split('\n');
    expect(first).toMatch(/SPDX-License-Identifier: .*GPL-2\.0-only/);
  });
});
