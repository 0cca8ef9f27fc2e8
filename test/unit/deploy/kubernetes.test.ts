/** What the manifests for Kubernetes repeat: of the program, of the systemd unit, of the rules for Prometheus. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { envName } from '../../../src/config/names.js';
import { COMMANDS } from '../../../src/config/options.js';
import { CAPABILITIES } from '../../../src/system/capabilities.js';
import { placesHere } from '../../../src/system/containers/stores.js';
import { ROOT } from '../../support/service.js';
import { unitMemory, unitWords } from '../../support/unit.js';

const FOLDER = `${ROOT}deploy/kubernetes/`;
/** As kubectl reads it. */
const read = (path: string) => parse(readFileSync(`${FOLDER}${path}`, 'utf8'), { version: '1.1' });

const POD = read('base/daemon-set.yaml').spec.template.spec;
const [CONTAINER] = POD.containers;

it('the capabilities are those that the program uses, and the systemd unit has', () => {
  const { drop, add } = CONTAINER.securityContext.capabilities;
  expect(drop).toEqual(['ALL']);
  const names = add.map((name: string) => `CAP_${name}`);
  expect(names.toSorted()).toEqual(CAPABILITIES.map(({ name }) => name).toSorted());
  expect(names.toSorted()).toEqual(unitWords('CapabilityBoundingSet').toSorted());
});

it('the memory is that of the systemd unit', () => {
  expect(CONTAINER.resources.limits.memory).toBe(`${unitMemory() / 2 ** 20}Mi`);
});

it('only its own directories can be written, and the token is for root alone', () => {
  const mounts: { name: string; readOnly?: boolean }[] = CONTAINER.volumeMounts;
  expect(CONTAINER.securityContext.readOnlyRootFilesystem).toBe(true);
  expect(mounts.filter(({ readOnly }) => !readOnly).map(({ name }) => name)).toEqual(['socket', 'state']);
  const token = POD.volumes.find(({ name }: { name: string }) => name === 'token');
  expect(token.secret.defaultMode).toBe(0o440);
});

it('every directory of containerd in /run is mounted, at its own path', () => {
  const paths = new Map<string, string>(
    POD.volumes.map(({ name, hostPath }: { name: string; hostPath?: { path: string } }) => [
      name,
      hostPath?.path,
    ]),
  );
  const mounted = CONTAINER.volumeMounts.filter(
    ({ name, mountPath }: { name: string; mountPath: string }) => paths.get(name) === mountPath,
  );
  const states = placesHere('/nonexistent').containerd.filter((path) => path.startsWith('/run/'));
  expect(states.length).toBeGreaterThan(0);
  expect(mounted.map(({ mountPath }: { mountPath: string }) => mountPath)).toEqual(
    expect.arrayContaining(states.map((path) => `${path}/io.containerd.runtime.v2.task`)),
  );
});

it('the variables are options of serve', () => {
  const known = Object.keys(COMMANDS.serve.options).map(envName);
  const paths = ['base', 'overlays/socket-only', 'overlays/prometheus-operator'];
  const containers = paths.map((path) => read(`${path}/daemon-set.yaml`).spec.template.spec.containers[0]);
  const names: string[] = containers.flatMap(({ env }) => env.map(({ name }: { name: string }) => name));
  expect(known).toEqual(
    expect.arrayContaining([...new Set(names)].filter((name) => name.startsWith('PORTCHURN_'))),
  );
});

it('the image has the version of the package', () => {
  const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
  const { images } = read('base/kustomization.yaml');
  expect(images).toEqual([{ name: CONTAINER.image, newTag: version }]);
});

const HEAD = `# Written from deploy/prometheus/portchurn.rules.yml by: npx vitest run --project unit test/unit/deploy -u
`;

it('the operator’s rules are those of deploy/prometheus', async () => {
  const { groups } = parse(readFileSync(`${ROOT}deploy/prometheus/portchurn.rules.yml`, 'utf8'));
  const rule = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'portchurn' },
    spec: { groups },
  };
  const text = HEAD + stringify(rule, { lineWidth: 0 });
  await expect(text).toMatchFileSnapshot(`${FOLDER}overlays/prometheus-operator/prometheus-rule.yaml`);
});
