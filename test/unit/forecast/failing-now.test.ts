/** What fails now for want of ports, and how fast. */
import { expect, it } from 'vitest';
import { byPlace, failingNow, failPerSec } from '../../../src/forecast/outlook.js';
import { failure } from '../publish/rows.js';

const NOW = 1_800_000_000_000;
const PORTS = { cause: 'ports-exhausted', budget: '1/10.0.0.1/10.0.0.9:80' } as const;
const agoSeconds = (seconds: number) => ({ lastSeen: NOW - seconds * 1000 });

/** Processes that tried once each, ten a second. */
const crowd = (seconds: readonly number[]) =>
  seconds.flatMap((second) =>
    Array.from({ length: 10 }, (_, i) =>
      failure(`p${second}-${i}`, { ...PORTS, perSec: 0.1, ...agoSeconds(second) }),
    ),
  );

it('counts those of many processes that tried once each, over all of the ten seconds of a rate', () => {
  const rows = [failure('sum', { ...PORTS, perSec: 2, ...agoSeconds(0) }), ...crowd([0, 2, 4, 6, 8])];
  expect(failPerSec(byPlace(failingNow(rows, NOW)).here)).toBeCloseTo(7);
});

it('is nothing where the last call failed some seconds ago, and leaves out what has no rate any more', () => {
  const elsewhere = { ...PORTS, budget: '1/10.0.0.1/10.0.0.8:80', perSec: 5 };
  const rows = [
    failure('old', { ...elsewhere, ...agoSeconds(4) }),
    failure('gone', { ...PORTS, perSec: 0, ...agoSeconds(40) }),
    failure('now', { ...PORTS, perSec: 1, ...agoSeconds(1) }),
  ];
  expect(failingNow(rows, NOW).map(({ key }) => key)).toEqual(['now']);
});
