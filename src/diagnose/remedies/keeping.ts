/**
 * How long a changed setting lasts, and what keeps it, in the form of its place. In: settings, a place. Out: a sentence, and a file or
 * command to copy. Pure.
 */
import type { Remedy } from '../../protocol/rows.js';
import type { Setting } from '../types.js';
import type { Place } from './place.js';

type Keeping = Pick<Remedy, 'persistence' | 'snippet' | 'language'>;

export function keeping(settings: readonly Setting[], place: Place): Keeping {
  switch (place) {
    case 'host':
      return onHost(settings);
    case 'container':
      return inContainer(settings);
    case 'pod':
      return inPod(settings);
    case 'namespace':
      return {
        persistence: 'As long as this network namespace; to keep it, set it where the namespace is made.',
        snippet: null,
        language: null,
      };
  }
}

const whole = ({ name }: Setting) => `net.ipv4.${name}`;

/** A file for each change, so that one does not overwrite another's. */
function onHost(settings: readonly Setting[]): Keeping {
  const file = `/etc/sysctl.d/90-portchurn-${settings.at(-1)?.name}.conf`;
  const lines = settings.map((one) => `'${whole(one)} = ${one.value}'`).join(' ');
  return {
    persistence: `Until reboot; ${file} keeps it.`,
    snippet: `printf '%s\\n' ${lines} > ${file}`,
    language: 'shell',
  };
}

function inContainer(settings: readonly Setting[]): Keeping {
  const options = settings.map((one) => `--sysctl ${whole(one)}="${one.value}"`).join(' ');
  return {
    persistence: 'As long as this container runs; to keep it, start the container with it (--sysctl).',
    snippet: [
      `# docker run, podman run: ${options}`,
      'services:',
      '  NAME:',
      '    sysctls:',
      ...settings.map((one) => `      ${whole(one)}: "${one.value}"`),
    ].join('\n'),
    language: 'yaml',
  };
}

/** Since which version the kubelet allows it to every pod; those that are not here must be allowed on each node. */
const SAFE: Readonly<Record<string, string | null>> = {
  ip_local_port_range: null,
  ip_local_reserved_ports: '1.27',
  tcp_fin_timeout: '1.29',
};

function inPod(settings: readonly Setting[]): Keeping {
  return {
    persistence: `As long as this pod; to keep it, securityContext.sysctls of the pod. ${settings.map(allowedWords).join(' ')}`,
    snippet: [
      'spec:',
      '  securityContext:',
      '    sysctls:',
      ...settings.flatMap((one) => [`      - name: ${whole(one)}`, `        value: "${one.value}"`]),
      ...settings
        .filter(isUnsafe)
        .map((one) => `# on each node: kubelet --allowed-unsafe-sysctls=${whole(one)}`),
    ].join('\n'),
    language: 'yaml',
  };
}

const isUnsafe = ({ name }: Setting) => SAFE[name] === undefined;

function allowedWords(one: Setting): string {
  const since = SAFE[one.name];
  if (since === undefined)
    return `Every node must allow ${whole(one)} (kubelet --allowed-unsafe-sysctls); else the pod does not start.`;
  return `${whole(one)} is a safe one${since === null ? '' : ` since Kubernetes ${since}`}.`;
}
