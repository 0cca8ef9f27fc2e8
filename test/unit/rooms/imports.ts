/**
 * The imports of the product's own sources, as the compiler's scanner reads them: values, types, re-exports and `import()`.
 * In: the tree below src/, dashboard/ and bin/. Out: one edge for each import of another file of ours.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface Import {
  /** Paths relative to the root. */
  readonly from: string;
  readonly to: string;
  /** 1-based, in `from`. */
  readonly line: number;
}

const isSource = (name: string) => /\.(ts|tsx|js)$/.test(name);

export function sourcesBelow(directory: string): string[] {
  const names = readdirSync(join(ROOT, directory), { recursive: true, encoding: 'utf8' });
  return names.filter(isSource).map((name) => join(directory, name));
}

export function importsOf(from: string): Import[] {
  const text = readFileSync(join(ROOT, from), 'utf8');
  const { importedFiles } = ts.preProcessFile(text, true, true);
  return importedFiles
    .filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName, pos }) => ({ from, to: resolve(from, fileName), line: lineOf(text, pos) }));
}

/** A specifier names the compiled file: its source stands beside it with another ending. */
function resolve(from: string, specifier: string): string {
  const path = normalize(join(dirname(from), specifier));
  const stem = path.replace(/\.js$/, '');
  const candidates = [`${stem}.ts`, `${stem}.tsx`, path];
  return candidates.find((candidate) => existsSync(join(ROOT, candidate))) ?? path;
}

function lineOf(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}
