/** The native build in a copy of the tree, through the action of binding.gyp: complete and incremental, with real compilers. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../scripts/lib/run.js';
import { fileScope } from '../support/scope.js';

const scope = fileScope();
const tree = scope.directory();
const addon = join(tree, 'out/Release/portchurn.node');
const gyp = JSON.parse(readFileSync(join(ROOT, 'binding.gyp'), 'utf8'));

/** What node-gyp would run for binding.gyp. */
function build(): void {
  const [command, ...words] = gyp.targets[0].actions[0].action;
  execFileSync(command, words, { cwd: tree, stdio: 'pipe' });
}

/** Loads the copy's addon in a process of its own: a process can load only one addon of a name. */
function inspect(): { version: string; sizes: Record<string, number> } {
  const code = `const a = require(${JSON.stringify(addon)}); console.log(JSON.stringify({ version: a.version, sizes: a.sizes }))`;
  return JSON.parse(execFileSync(process.execPath, ['-e', code], { encoding: 'utf8' }));
}

const builtAt = () => statSync(addon).mtimeMs;

beforeAll(() => {
  for (const part of ['package.json', 'CMakeLists.txt', 'binding.gyp', 'bpf', 'native'])
    cpSync(join(ROOT, part), join(tree, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  build();
}, 120_000);

describe('binding.gyp’s action', () => {
  it('builds the addon where the loader looks for it, with the version of package.json', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(inspect().version).toBe(version);
  });

  it('does nothing when nothing changed', () => {
    const before = builtAt();
    build();
    expect(builtAt()).toBe(before);
  });

  it('embeds the BPF object whole, with its BTF', () => {
    const object = readFileSync(join(tree, 'out/bpf/churn.bpf.o'));
    expect(object.subarray(0, 4)).toEqual(Buffer.from('\x7fELF'));
    expect(object.includes('.BTF.ext')).toBe(true);
    expect(readFileSync(addon).includes(object)).toBe(true);
  });

  it.each([
    ['a BPF header', 'bpf/core_types.h', '\n'],
    ['a native header', 'native/tracer/embedded.h', '\n'],
    ['CMakeLists.txt', 'CMakeLists.txt', 'target_link_options(portchurn PRIVATE -Wl,--build-id=0x77)\n'],
  ])('builds again after %s changed', (_, file, change) => {
    const before = builtAt();
    appendFileSync(join(tree, file), change);
    build();
    expect(builtAt()).toBeGreaterThan(before);
  });

  it('notices a new source and a removed one', () => {
    const added = join(tree, 'native/added.cc');
    const marker = 'a string no other source has';
    writeFileSync(added, `extern "C" __attribute__((used)) const char added[] = "${marker}";\n`);
    build();
    expect(readFileSync(addon).includes(marker)).toBe(true);
    rmSync(added);
    build();
    expect(readFileSync(addon).includes(marker)).toBe(false);
  });

  it('takes a new version from package.json', () => {
    const file = join(tree, 'package.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"version": "[^"]*"/, '"version": "99.0.0"'));
    build();
    expect(inspect().version).toBe('99.0.0');
  });
});
