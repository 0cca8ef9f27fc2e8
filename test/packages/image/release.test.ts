/** The workflow that makes a release, read by GitHub's parser of workflows. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';
import { expect, it } from 'vitest';
import { ROOT } from '../../../scripts/lib/run.js';
import { type Scope, testScope } from '../../support/scope.js';
import { schemas } from './kubernetes.js';

const WORKFLOW = readFileSync(join(ROOT, '.github/workflows/release.yml'), 'utf8');

interface Parser {
  parseWorkflow(
    file: { name: string; content: string },
    trace: unknown,
  ): { context: { errors: { getErrors(): { message: string }[] } } };
  NoOperationTraceWriter: new () => unknown;
}

/** It is written for bundlers: Node does not import JSON in its way. */
async function parser(scope: Scope): Promise<Parser> {
  const ssr = join(await schemas(), 'node_modules/@actions/workflow-parser/dist/index.js');
  const outDir = scope.directory();
  const options = { ssr, outDir, rolldownOptions: { output: { entryFileNames: 'parser.mjs' } } };
  await build({ configFile: false, logLevel: 'error', build: options, ssr: { noExternal: true } });
  return import(pathToFileURL(join(outDir, 'parser.mjs')).href);
}

function errorsIn({ parseWorkflow, NoOperationTraceWriter }: Parser, content: string): string[] {
  const { context } = parseWorkflow({ name: 'release.yml', content }, new NoOperationTraceWriter());
  return context.errors.getErrors().map(({ message }) => message);
}

it('GitHub’s parser finds nothing wrong in it, and finds a word that there is not', async () => {
  const parse = await parser(testScope());
  expect(errorsIn(parse, WORKFLOW)).toEqual([]);
  expect(errorsIn(parse, WORKFLOW.replace('runs-on', 'run-on')).join()).toMatch(/run-on/);
});

it('it does each command of the checklist, in its order', () => {
  const contributing = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
  const checklist = /^## Release checklist\n(.*?)(?=^## |(?![\s\S]))/ms.exec(contributing)?.[1] ?? '';
  const commands = [...checklist.matchAll(/^\d\. `([^`]+)`/gm)].map(([, command]) => command ?? '');
  expect(commands.length).toBeGreaterThan(4);
  const places = commands.map((command) => WORKFLOW.indexOf(command));
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
});
