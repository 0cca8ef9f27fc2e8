/** Before the tier: the image, made as a user of the clone makes it; meanwhile what its manifests are judged by is fetched. */
import { ROOT } from '../../../scripts/lib/run.js';
import { must } from '../../support/process.js';
import { fetchKubernetes } from './kubernetes.js';

const WITHIN_MS = 900_000;

export default async function setup(): Promise<void> {
  const words = ['npm', 'run', '--silent', 'package', '--', 'image'];
  await Promise.all([must(words, { cwd: ROOT, withinMs: WITHIN_MS }), fetchKubernetes()]);
}
