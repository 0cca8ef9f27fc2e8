/**
 * As many connections as the machine can do, with nothing attached and with each rival in turn. The load never stops
 * while they come and go, so that the TIME_WAIT table stays full; the order rotates from round to round, and what is
 * compared was measured in the same round.
 */
import { availableParallelism } from 'node:os';
import { ensurePackages, PACKAGES } from '../scripts/lib/packages.js';
import { say } from '../scripts/lib/run.js';
import { Scope } from '../test/support/scope.js';
import { Place } from './lib/load.js';
import { machineBusy } from './lib/proc.js';
import { RIVALS, type Rival, type Witness } from './lib/rivals.js';
import { median, spread } from './lib/stats.js';
import { type Cell, count, table } from './lib/table.js';
import { pause } from './lib/wait.js';

/** Destination addresses: enough that no port is ever hard to find. */
const SPREAD = 64;
const SETTLE_MS = 1000;

interface Rates {
  connections: number;
  perSecond: number;
  /** Of all processors, kernel and user, microseconds. */
  cpuPerConnection: number;
}

type Sample = Rates & Witness;
type Round = ReadonlyMap<string, Sample>;

export async function saturation(quick: boolean): Promise<void> {
  await ensurePackages(PACKAGES.bench);
  const cores = availableParallelism();
  console.log(await saturate('one client thread, one server thread', 1, quick));
  console.log(`\n${await saturate(`all cores: ${cores} client, ${cores} server threads`, cores, quick)}`);
}

async function saturate(title: string, threads: number, quick: boolean): Promise<string> {
  const scope = new Scope();
  const rounds: Round[] = [];
  try {
    const place = await warm(scope, threads);
    for (let n = 0; n < (quick ? 2 : 5); n++) {
      say(`bench: saturation, ${threads} thread(s), round ${n + 1}`);
      rounds.push(await playRound(place, n, quick ? 1500 : 3000));
    }
  } finally {
    await scope.end();
  }
  return `${title}; ${rounds.length} rounds\n\n${report(rounds)}`;
}

async function warm(scope: Scope, threads: number): Promise<Place> {
  const place = await Place.open(scope, { threads });
  await place.client({ threads, spread: SPREAD });
  await place.fullTimeWait(60_000);
  return place;
}

async function playRound(place: Place, n: number, ms: number): Promise<Round> {
  const round = new Map<string, Sample>();
  for (let i = 0; i < RIVALS.length; i++) {
    const rival = RIVALS[(n + i) % RIVALS.length] as Rival;
    round.set(rival.name, await measure(place, rival, ms));
  }
  return round;
}

async function measure(place: Place, rival: Rival, ms: number): Promise<Sample> {
  const scope = new Scope();
  try {
    const attached = await rival.attach(scope);
    await pause(SETTLE_MS);
    await attached.mark();
    const rates = await observe(place, ms);
    return { ...rates, ...(await attached.witness()) };
  } finally {
    await scope.end();
  }
}

async function observe(place: Place, ms: number): Promise<Rates> {
  const [began, opened, busy] = [performance.now(), place.counter('Tcp.PassiveOpens'), machineBusy()];
  await pause(ms);
  const connections = place.counter('Tcp.PassiveOpens') - opened;
  const seconds = (performance.now() - began) / 1000;
  return {
    connections,
    perSecond: connections / seconds,
    cpuPerConnection: ((machineBusy() - busy) / connections) * 1e6,
  };
}

const HEAD = [
  'attached',
  'of untraced',
  'of the floor',
  'added CPU, of tcplife',
  'added CPU µs/conn',
  'conn/s',
  'events/conn',
  'lost',
];

function report(rounds: readonly Round[]): string {
  const at = (round: Round, name: string) => round.get(name) as Sample;
  const added = (round: Round, name: string) =>
    at(round, name).cpuPerConnection - at(round, 'untraced').cpuPerConnection;
  const ofAdded = (name: string) =>
    median(rounds.map((round) => added(round, name))) /
    median(rounds.map((round) => added(round, 'tcplife')));
  const ratio = (name: string, base: string) =>
    spread(
      rounds.map((round) => at(round, name).perSecond / at(round, base).perSecond),
      2,
    );
  const rows = RIVALS.map(({ name }): Cell[] => {
    const samples = rounds.map((round) => at(round, name));
    return [
      name,
      ratio(name, 'untraced'),
      ratio(name, 'empty handler'),
      name === 'untraced' ? null : ofAdded(name).toFixed(2),
      name === 'untraced'
        ? null
        : spread(
            rounds.map((round) => added(round, name)),
            1,
          ),
      count(median(samples.map(({ perSecond }) => perSecond))),
      eventsPerConnection(samples),
      samples[0]?.lost === null ? null : count(samples.reduce((sum, { lost }) => sum + (lost ?? 0), 0)),
    ];
  });
  const base = rounds.map((round) => at(round, 'untraced').cpuPerConnection);
  return `${table(HEAD, rows)}\n\nuntraced: ${spread(base, 1)} µs of CPU per connection, both ends`;
}

/** What a rival told of each connection, both ends together. Seconds are those of the measurement, near enough. */
function eventsPerConnection(samples: readonly Sample[]): string | null {
  const ratios = samples.flatMap(({ seen, connections }) => (seen === null ? [] : [seen / connections]));
  return ratios.length === 0 ? null : median(ratios).toFixed(2);
}
