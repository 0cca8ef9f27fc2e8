/**
 * The types of `portchurn/client`, complete in one file, since a package without dependencies has nothing to import. In:
 * src/client/face/types.ts. Out: the same text, each imported type spelt out in front of it as the compiler understands it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT, Stop } from '../lib/run.js';

const SOURCE = join(ROOT, 'src/client/face/types.ts');
const FLAGS =
  ts.TypeFormatFlags.NoTruncation |
  ts.TypeFormatFlags.InTypeAlias |
  ts.TypeFormatFlags.UseAliasDefinedOutsideCurrentScope |
  ts.TypeFormatFlags.MultilineObjectLiterals;

/** What cannot be spelt out by itself: the rows of a topic that is not known yet. */
const ROWS = `import type { RowOf, TableTopic } from ${JSON.stringify(join(ROOT, 'src/protocol/frames.js'))};
export type Rows = { [T in TableTopic]: RowOf<T> };`;

const FOOT = `
/** Connects to the service at \`url\` and stays connected until close(). */
export declare function connect(url: string, options?: ConnectOptions): Client;

/** What the service refuses, or why it cannot be reached: \`code\` is stable. */
export declare class PortchurnError extends Error {
  private constructor();
  readonly code: string;
  /** The next step, where there is an obvious one. */
  readonly hint: string | undefined;
  /** 1-based column in a filter. */
  readonly column: number | undefined;
}
`;

/** In lines, as the compiler indents them. @param {ts.TypeChecker} checker @param {ts.Type} type */
const textOf = (checker, type) => checker.typeToString(type, undefined, FLAGS).replace(/ {4,}/g, '\n$&');

function program() {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const extra = join(ROOT, 'src/client/face/rows-of-topics.ts');
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === extra || fileExists(name);
  host.getSourceFile = (name, how) =>
    name === extra ? ts.createSourceFile(name, ROWS, how) : getSourceFile(name, how);
  const made = ts.createProgram([SOURCE, extra], options, host);
  return {
    checker: made.getTypeChecker(),
    types: made.getSourceFile(SOURCE),
    rows: made.getSourceFile(extra),
  };
}

/** @param {ts.TypeChecker} checker @param {ts.Node} node @param {string} name */
function spelt(checker, node, name) {
  const type = checker.getTypeAtLocation(node);
  const properties = type.isClassOrInterface() || name === 'Rows' ? type.getProperties() : [];
  if (properties.length === 0) return `export type ${name} = ${textOf(checker, type)};\n`;
  const lines = properties.map((property) => {
    const optional = property.flags & ts.SymbolFlags.Optional ? '?' : '';
    return `  ${property.name}${optional}: ${textOf(checker, checker.getTypeOfSymbol(property))};`;
  });
  return `export interface ${name} {\n${lines.join('\n')}\n}\n`;
}

/** @returns {string} */
export function clientTypes() {
  const { checker, types, rows } = program();
  if (!types || !rows) throw new Stop(`${SOURCE} cannot be read`);
  const text = readFileSync(SOURCE, 'utf8');
  const imports = types.statements.filter(ts.isImportDeclaration);
  const names = imports.flatMap(({ importClause }) => {
    const named = importClause?.namedBindings;
    return named && ts.isNamedImports(named) ? [...named.elements] : [];
  });
  const alias = rows.statements.find(ts.isTypeAliasDeclaration);
  const known = new Set(['RowOf', 'TableTopic']);
  const parts = names
    .filter(({ name }) => !known.has(name.text))
    .map((element) => spelt(checker, element, element.name.text));
  const topics = alias ? [spelt(checker, alias, 'Rows')] : [];
  const derived =
    'export type TableTopic = keyof Rows;\nexport type RowOf<T extends TableTopic> = Rows[T];\n';
  const own = text.slice(imports.at(-1)?.end ?? 0);
  return [...topics, derived, ...parts].join('\n') + own + FOOT;
}
