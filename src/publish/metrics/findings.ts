/**
 * Findings as gauges: one series per rule and severity that was ever told, 1 while one of them is active. Enters: rows of
 * `findings`. Leaves: one family. Called by metrics.ts.
 */

import type { MetricsContext } from './context.js';
import { addFamily } from './family.js';
import { type Labels, type Series, seriesKey } from './series.js';

export function addFindings({ registry, tables }: MetricsContext): void {
  const told = new Map<string, Labels>();
  addFamily(registry, {
    name: 'portchurn_finding',
    type: 'gauge',
    help: 'Diagnoses by rule and severity: 1 while there is one. Critical and warning mean that somebody should act.',
    read: (): Series[] => {
      const active = tables.rows('findings').filter(({ resolved }) => resolved === null);
      const labels = active.map(({ rule, severity }): Labels => ({ rule, severity }));
      for (const one of labels) told.set(seriesKey(one), one);
      const now = new Set(labels.map(seriesKey));
      return [...told].map(([key, of]) => ({ labels: of, value: now.has(key) ? 1 : 0 }));
    },
  });
}
