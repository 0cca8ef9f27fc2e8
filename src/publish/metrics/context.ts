/**
 * What every group of metric families gets: where to register, what to read, and the time.
 */
import type { Registry } from 'prom-client';
import type { Tables } from '../../query/tables.js';

export interface MetricsContext {
  readonly registry: Registry;
  readonly tables: Tables;
  /** Unix ms of the last publish tick. */
  now(): number;
}
