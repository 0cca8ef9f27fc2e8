/**
 * How a table is asked for, by every surface alike: subscribe frames, URL parameters and command line options.
 */
import type { Group } from './names.js';

/** Absent parts are the defaults: every row, the topic's own order, 1000 rows, no groups. */
export interface TableQuery {
  filter?: string | undefined;
  /** A row field, `-` in front for descending. */
  sort?: string | undefined;
  limit?: number | undefined;
  group?: Group | undefined;
}
