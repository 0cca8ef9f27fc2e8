/**
 * Findings as gauges: one series per rule and severity that ever had a finding, 1 while one of them is active. In: rows of
 * `findings`. Out: one family.
 */

import type { MetricsContext } from './context.js';
import { addFamily } from './family.js';
import { type Labels, type Series, seriesKey } from './series.js';

export function addFindings({ registry, tables }: MetricsContext): void {
  const known = new Map<string, Labels>();
  addFamily(registry, {
    name: 'portchurn_finding',
    type: 'gauge',
    help: 'Diagnoses by rule and severity: 1 while there is one. Critical and warning mean that somebody should act.',
    read: (): Series[] => {
      const active = tables.rows('findings').filter(({ resolved }) => resolved === null);
      const current = active.map(({ rule, severity }): Labels => ({ rule, severity }));
      for (const labels of current) known.set(seriesKey(labels), labels);
      const activeKeys = new Set(current.map(seriesKey));
      return [...known].map(([key, labels]) => ({ labels, value: activeKeys.has(key) ? 1 : 0 }));
    },
  });
}
