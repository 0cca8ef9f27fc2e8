/** Before the tier: the image, made as a user of the clone makes it; meanwhile what its manifests are judged by is fetched. */
import { makePackages } from '../make.js';
import { fetchKubernetes } from './kubernetes.js';

export default async function setup(): Promise<void> {
  await Promise.all([makePackages('image'), fetchKubernetes()]);
}
