/** The manifests of deploy/kubernetes, as Debian's kubectl renders them. */
import { expect, it } from 'vitest';
import { testScope } from '../../support/scope.js';
import { faultsOf, type Manifest, only, rendered } from './kubernetes.js';

const BASE = ['DaemonSet', 'Namespace', 'NetworkPolicy', 'ServiceAccount'];
const OPERATOR = 'overlays/prometheus-operator';
const SOCKET_ONLY = 'overlays/socket-only';

const kindsOf = (manifests: readonly Manifest[]) => manifests.map(({ kind }) => kind).sort();
const podOf = (manifests: readonly Manifest[]) => only(manifests, 'DaemonSet').spec.template.spec;

it('all three fit the schemas, without a field that they do not know', async () => {
  const [base = [], socketOnly = [], operator = []] = await Promise.all(
    ['base', SOCKET_ONLY, OPERATOR].map(rendered),
  );
  expect(kindsOf(base)).toEqual(BASE);
  expect(kindsOf(socketOnly)).toEqual(BASE);
  expect(kindsOf(operator)).toEqual([...BASE, 'PodMonitor', 'PrometheusRule'].sort());
  expect(await faultsOf(testScope(), [...base, ...socketOnly, ...operator])).toEqual([]);
});

it('a misspelt field, a wrong type and a missing field are each found', async () => {
  const manifests = await rendered(OPERATOR);
  const [daemonSet, policy, monitor] = ['DaemonSet', 'NetworkPolicy', 'PodMonitor'].map((kind) =>
    only(manifests, kind),
  );
  Object.assign(daemonSet?.spec.template.spec, { hostPid: true });
  Object.assign(policy?.spec.podSelector, { matchLabels: 'portchurn' });
  delete monitor?.spec.podMetricsEndpoints;
  const wrong = [daemonSet, policy, monitor].flatMap((manifest) => manifest ?? []);
  const faults = (await faultsOf(testScope(), wrong)).join('\n');
  expect(faults).toMatch(/hostPid\W+ does not exist/);
  expect(faults).toMatch(/NetworkPolicy: .*matchLabels must be object/);
  expect(faults).toMatch(/PodMonitor: .*podMetricsEndpoints/);
});

it('socket-only asks for no token and listens on no address', async () => {
  const manifests = await rendered(SOCKET_ONLY);
  expect(JSON.stringify(manifests)).not.toMatch(/token"|7790/);
  const [{ env }] = podOf(manifests).containers;
  expect(env).toEqual([{ name: 'PORTCHURN_LISTEN', value: 'unix:/run/portchurn/portchurn.sock' }]);
});

it('the operator scrapes the port that the DaemonSet opens, with its token', async () => {
  const manifests = await rendered(OPERATOR);
  const [endpoint] = only(manifests, 'PodMonitor').spec.podMetricsEndpoints;
  const [{ ports, env }] = podOf(manifests).containers;
  const [port] = ports;
  expect(endpoint.port).toBe(port.name);
  const listen = env.find(({ name }: { name: string }) => name === 'PORTCHURN_LISTEN');
  expect(listen.value).toContain(`$(NODE_ADDRESS):${port.containerPort}`);
  const token = podOf(manifests).volumes.find(({ name }: { name: string }) => name === 'token');
  expect(token.secret).toEqual({ secretName: endpoint.authorization.credentials.name, defaultMode: 0o440 });
});
