/** The addon's classes and their declarations are twins: native/js/ and src/capture/native.ts, compared as text. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

/** Names of the methods that an interface of native.ts declares. */
function declared(name: string): string[] {
  const body =
    new RegExp(`interface ${name} \\{([\\s\\S]*?)\\n\\}`).exec(read('src/capture/native.ts'))?.[1] ?? '';
  return [...body.matchAll(/^ {2}(\w+)\(/gm)].map((match) => match[1] as string);
}

/** Names of the methods that a file of native/js/ defines for JavaScript. */
const defined = (file: string) =>
  [...read(file).matchAll(/InstanceMethod<&\w+::\w+>\("(\w+)"\)/g)].map((match) => match[1] as string);

it.each([
  ['NativeTracer', 'native/js/tracer_object.cc'],
  ['NativeSocketDumper', 'native/js/dumper_object.cc'],
  ['NativeHostsReader', 'native/js/hosts_object.cc'],
])('the methods that %s declares are defined in %s', (name, file) => {
  expect(defined(file)).not.toEqual([]);
  expect(defined(file).sort()).toEqual(declared(name).sort());
});

it('the options that TracerOptions declares are read in native/js/tracer_object.cc', () => {
  const face = read('src/capture/native.ts');
  const body = /interface TracerOptions \{([\s\S]*?)\n\}/.exec(face)?.[1] ?? '';
  const names = [...body.matchAll(/^ {2}(\w+)\??:/gm)].map((match) => match[1] as string);
  const taken = [...read('native/js/tracer_object.cc').matchAll(/options\.Get\("(\w+)"\)/g)];
  expect(names).not.toEqual([]);
  expect(taken.map((match) => match[1] as string).sort()).toEqual(names.sort());
});
