/** The tracer where the kernel takes no programs: it sees nothing, and dumps are all there is. */
import type { NativeTracer, TracerStats } from './native.js';

const NOTHING: TracerStats = {
  ringLost: 0,
  overflowFull: 0,
  gaps: 0,
  events: 0,
  storageFailures: 0,
  spareStates: 0,
  identityLost: 0,
};

export function absentTracer(): NativeTracer {
  const none = () => 0;
  const ignore = () => undefined;
  return {
    attach: ignore,
    drain: none,
    takeOverflowCounters: none,
    takeLostOwners: none,
    seeds: none,
    stats: () => NOTHING,
    hooks: () => [],
    outcomePath: () => 'portable',
    setFilter: ignore,
    setTraced: ignore,
    close: ignore,
  };
}
