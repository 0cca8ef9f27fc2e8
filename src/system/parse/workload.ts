/**
 * What a pod is one of: its Deployment, StatefulSet, CronJob … In: a pod's name. Out: the name of that. Pure. No file of the machine says it, so it
 * is a guess by the names that Kubernetes' controllers give; a pod made by hand is its own workload.
 */

/** What random ends of names are made of: no vowels, nothing that reads like one. */
const RANDOM = '[bcdfghjklmnpqrstvwxz2456789]{5}';

const RULES: readonly RegExp[] = [
  // A Deployment: the hash of its template, whose decimal digits are written as these characters.
  new RegExp(`^(.+)-[456789bcdf]{5,10}-${RANDOM}$`),
  // A CronJob: the minute for which it ran, before Kubernetes 1.21 the second.
  new RegExp(`^(.+)-\\d{8,10}-${RANDOM}$`),
  // A DaemonSet, a Job, a ReplicaSet.
  new RegExp(`^(.+)-${RANDOM}$`),
  // A StatefulSet.
  /^(.+)-\d{1,5}$/,
];

/** @param node the kubelet adds it to the name of a pod whose manifest is a file of the node */
export function workloadOf(pod: string, node: string): string {
  if (node !== '' && pod.endsWith(`-${node}`)) return pod.slice(0, -node.length - 1);
  for (const rule of RULES) {
    const name = rule.exec(pod)?.[1];
    if (name !== undefined) return name;
  }
  return pod;
}
