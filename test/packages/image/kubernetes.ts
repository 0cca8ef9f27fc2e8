/**
 * The manifests as `kubectl apply -k` would send them, rendered by Debian's kubectl, and judged by the JSON schemas of Kubernetes and of the
 * Prometheus operator. The npm packages hold these compiled: as validators, which pass over what they do not know, and as types, for which a
 * field that they do not know is an error.
 */
import { symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { whole } from '../../../scripts/lib/apt.js';
import { ROOT } from '../../../scripts/lib/run.js';
import { WORK } from '../../../scripts/package/places.js';
import { must, run } from '../../support/process.js';
import type { Scope } from '../../support/scope.js';
import { newer } from '../newer.js';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  // biome-ignore lint/suspicious/noExplicitAny: YAML, which the schemas judge
  readonly [field: string]: any;
}

/** The last ones for Node 20; of Kubernetes 1.30. */
const SCHEMAS = ['kubernetes-models@4.5.1', '@kubernetes-models/prometheus-operator@4.4.4'];
/** GitHub's own. */
const WORKFLOWS = '@actions/workflow-parser@0.3.61';
const OPERATOR = '@kubernetes-models/prometheus-operator';

/** Debian 12's is of 2020, and knows no `patches`. */
const kubectl = async () => join(await newer('kubectl'), 'usr/bin/kubectl');

/** A folder with these in its node_modules. */
export const schemas = (): Promise<string> =>
  whole(join(WORK, 'schemas'), async (partial) => {
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    await must(['npm', 'install', '--prefix', partial, ...quiet, ...SCHEMAS, WORKFLOWS], {
      withinMs: 200_000,
      group: true,
    });
  });

/** Each is a download, made once. */
export async function fetchKubernetes(): Promise<void> {
  await Promise.all([kubectl(), schemas()]);
}

/** `folder`: below deploy/kubernetes. */
export async function rendered(folder: string): Promise<Manifest[]> {
  const { stdout } = await must([await kubectl(), 'kustomize', join(ROOT, 'deploy/kubernetes', folder)]);
  return parseAllDocuments(stdout).map((document) => document.toJS());
}

/** The one of this kind. */
export function only(manifests: readonly Manifest[], wanted: string): Manifest {
  const [found, more] = manifests.filter(({ kind }) => kind === wanted);
  if (!found || more) throw new Error(`not one ${wanted}`);
  return found;
}

const modelOf = ({ apiVersion, kind }: Manifest) => {
  const library = apiVersion.startsWith('monitoring.coreos.com/') ? OPERATOR : 'kubernetes-models';
  return `${library}/${apiVersion}/${kind}`;
};

/** What the validators say: wrong types, missing fields, values out of range. */
async function violations(manifests: readonly Manifest[]): Promise<string[]> {
  const load = createRequire(join(await schemas(), 'package.json'));
  return manifests.flatMap((manifest) => {
    const Model = load(modelOf(manifest))[manifest.kind];
    try {
      new Model(manifest).validate();
      return [];
    } catch (error) {
      return [`${manifest.kind}: ${error instanceof Error ? error.message : error}`];
    }
  });
}

/** What the compiler says: fields that there are not. */
async function strangeFields(scope: Scope, manifests: readonly Manifest[]): Promise<string[]> {
  const folder = scope.directory();
  symlinkSync(join(await schemas(), 'node_modules'), join(folder, 'node_modules'));
  const lines = manifests.flatMap((manifest, index) => [
    `import type { I${manifest.kind} as Type${index} } from '${modelOf(manifest)}';`,
    `export const manifest${index}: Type${index} = ${JSON.stringify(manifest)};`,
  ]);
  writeFileSync(join(folder, 'manifests.ts'), lines.join('\n'));
  const words = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--module', 'commonjs'];
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  const { stdout } = await run([tsc, ...words, join(folder, 'manifests.ts')]);
  return stdout.split('\n').filter((line) => line !== '');
}

/** None: the API server takes them. */
export const faultsOf = async (scope: Scope, manifests: readonly Manifest[]): Promise<string[]> => [
  ...(await violations(manifests)),
  ...(await strangeFields(scope, manifests)),
];
