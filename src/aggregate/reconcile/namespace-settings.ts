/**
 * What was read of a namespace's settings, by an audit or between two. In: texts, and when they were read at the earliest. Out:
 * the namespace with the newest of them. Most readings find what the one before found, and cost a comparison.
 */
import { parseSysctls, SYSCTL_FILES, type SysctlTexts } from '../../system/parse/sysctl.js';
import type { Namespace } from '../model/namespace.js';

interface Reading {
  readonly atNs: number;
  readonly texts: SysctlTexts;
}

const last = new WeakMap<Namespace, Reading>();

/** @param atNs CLOCK_MONOTONIC; an audit hands over what it read some seconds later */
export function takeSettings(namespace: Namespace, texts: SysctlTexts, atNs: number): void {
  const before = last.get(namespace);
  if (before !== undefined && atNs < before.atNs) return;
  const isSame = before !== undefined && SYSCTL_FILES.every((file) => texts[file] === before.texts[file]);
  last.set(namespace, { atNs, texts: isSame ? before.texts : texts });
  if (isSame) return;
  namespace.sysctls = parseSysctls(texts);
  namespace.portsChanged();
}
