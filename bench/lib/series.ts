/** What grows in the scale bench, and how one step of it is made. */
import type { Generator } from '../../test/support/churngen.js';
import type { Scope } from '../../test/support/scope.js';
import { Client } from './client.js';
import { Place } from './load.js';
import type { Subject } from './service.js';
import { pause } from './wait.js';

/** Makes one size; what it gives back undoes what must not stay for the next. */
type Step = (size: number) => Promise<() => Promise<void>>;

export interface Series {
  readonly title: string;
  readonly sizes: readonly number[];
  begin(scope: Scope, subject: Subject): Promise<Step>;
}

const RATE = 1000;
/** Until what made the entries has left the rates, which are of ten seconds. */
const RATES_MS = 12_000;
/** More than any series leaves behind. */
const ROOMY = { 'net.ipv4.tcp_max_tw_buckets': 400_000 };
const stays = async () => undefined;
const ended = (clients: readonly Generator[]) => async () => {
  for (const client of clients) await client.stop();
};

const timeWait =
  (destinations: number) =>
  async (scope: Scope): Promise<Step> => {
    const place = await Place.open(scope, { sysctls: ROOMY });
    let left = 0;
    return async (size) => {
      await place.leave(size - left, destinations);
      await pause(RATES_MS);
      left = size;
      return stays;
    };
  };

/** Each destination is two flows, one per end, and a budget as long as it holds ports. */
async function flows(scope: Scope): Promise<Step> {
  const place = await Place.open(scope, { sysctls: ROOMY });
  return async (size) => {
    await place.leave(size, size / 2);
    return ended([await place.client({ rate: RATE, spread: size / 2 })]);
  };
}

async function processes(scope: Scope): Promise<Step> {
  const place = await Place.open(scope);
  return async (size) => ended([await place.client({ rate: RATE / size, processes: size, spread: 8 })]);
}

async function namespaces(scope: Scope): Promise<Step> {
  const places: Place[] = [];
  return async (size) => {
    while (places.length < size) places.push(await Place.open(scope));
    const starting = places.map((place) => place.client({ rate: RATE / size }));
    return ended(await Promise.all(starting));
  };
}

const readers = (scope: Scope, subject: Subject) => clients(scope, subject, () => undefined);
const sleepers = (scope: Scope, subject: Subject) =>
  clients(scope, subject, (client) => client.stopReading());

async function clients(scope: Scope, subject: Subject, ready: (client: Client) => void): Promise<Step> {
  const place = await Place.open(scope);
  await place.client({ rate: RATE, spread: 64 });
  let open = 0;
  return async (size) => {
    for (; open < size; open++) ready(await Client.open(scope, subject.service.url));
    return stays;
  };
}

export const SERIES: readonly Series[] = [
  { title: 'TIME_WAIT entries (no load)', sizes: [1000, 10_000, 100_000, 250_000], begin: timeWait(64) },
  { title: 'TIME_WAIT entries of 10,000 flows (no load)', sizes: [10_000, 250_000], begin: timeWait(5000) },
  { title: `flows (at ${RATE} conn/s over them)`, sizes: [10, 1000, 10_000, 100_000], begin: flows },
  { title: `processes (${RATE} conn/s together)`, sizes: [1, 10, 100], begin: processes },
  { title: `namespaces (${RATE} conn/s together)`, sizes: [1, 10, 100], begin: namespaces },
  { title: `clients, fast (${RATE} conn/s, 64 flows)`, sizes: [1, 20, 200], begin: readers },
  { title: `clients that stop reading (${RATE} conn/s, 64 flows)`, sizes: [1, 20, 200], begin: sleepers },
];
