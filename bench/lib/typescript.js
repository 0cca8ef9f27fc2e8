/**
 * Lets node run this directory's TypeScript, and the test helpers that it shares: `./x.js` stands for `./x.ts`, as it does
 * for tsc, and types are stripped by TypeScript itself with the options that build src/. So what the bench measures is the
 * code that users run. Module hooks; registered by run.js.
 */
import { existsSync, readFileSync } from 'node:fs';
import ts from 'typescript';

const OPTIONS = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  inlineSourceMap: true,
};

/** @type {import('node:module').ResolveHook} */
export async function resolve(specifier, context, next) {
  if (!/^\.{1,2}\/.*\.js$/.test(specifier)) return next(specifier, context);
  const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
  return existsSync(source) ? { url: source.href, shortCircuit: true } : next(specifier, context);
}

/** @type {import('node:module').LoadHook} */
export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  const { outputText } = ts.transpileModule(readFileSync(new URL(url), 'utf8'), { compilerOptions: OPTIONS });
  return { format: 'module', source: outputText, shortCircuit: true };
}
