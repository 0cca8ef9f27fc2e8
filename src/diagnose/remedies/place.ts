/**
 * Where a namespace's settings are kept: a host, a container, a pod. In: a namespace's row, a process in it. Out: which. Pure. Host
 * networking is the host: neither a runtime nor Kubernetes sets anything there for a container.
 */
import type { ProcessInfo, TotalsRow } from '../../protocol/rows.js';

/** `namespace`: somebody else has made it, by ip(8) for example. */
export type Place = 'host' | 'container' | 'pod' | 'namespace';

/** Paths of control groups as the kubelet makes them, also those of a node in a container. */
const POD = /(^|[/-])kubepods([./-]|$)/;
/** docker-ID.scope, /docker/ID, libpod-ID.scope, /libpod_parent/…, containerd's and others' bare ids. */
const CONTAINER = /(^|\/)(docker|libpod|libpod_parent|nerdctl)[/-]|[/:-][0-9a-f]{64}(\.scope)?(\/|$)/;

export function placeOf({ name }: Pick<TotalsRow, 'name'>, { cgroup, pod, container }: ProcessInfo): Place {
  if (name === 'host') return 'host';
  if (pod !== null || POD.test(cgroup ?? '')) return 'pod';
  return container !== null || CONTAINER.test(cgroup ?? '') ? 'container' : 'namespace';
}
