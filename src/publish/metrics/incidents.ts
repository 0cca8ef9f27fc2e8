/**
 * Incidents as gauges: how many there are of each kind, severity and state; those that are over stay as long as they have rows. In: rows
 * of `incidents`. Out: one family.
 */
import type { MetricsContext } from './context.js';
import { addFamily } from './family.js';
import { type Labels, type Series, seriesKey } from './series.js';

export function addIncidents({ registry, tables }: MetricsContext): void {
  const known = new Map<string, Labels>();
  addFamily(registry, {
    name: 'portchurn_incidents',
    type: 'gauge',
    help: 'Incidents by kind, severity and state: open while calls fail or ports run out, easing when that stopped, over.',
    read: (): Series[] => {
      const counts = new Map<string, number>();
      for (const { kind, severity, state } of tables.rows('incidents')) {
        const labels: Labels = { kind, severity, state };
        const key = seriesKey(labels);
        known.set(key, labels);
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      return [...known].map(([key, labels]) => ({ labels, value: counts.get(key) ?? 0 }));
    },
  });
}
