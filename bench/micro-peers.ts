/**
 * What the search for other ends costs a second at its bounds: 8,192 flows and 65,536 sockets of a local user, who makes each search fail or each
 * one be found. In: nothing. Out: works for micro.ts. The floor is the same walk over the same tables that looks for nobody.
 */
import { ESTABLISHED } from '../src/aggregate/model/socket-state.js';
import { DIRECTION, EVENT } from '../src/decode/layout.js';
import { announced, eventOf, outbound } from '../test/support/aggregate-world.js';
import { addressBytes } from '../test/support/records.js';
import { Machine, SERVER } from '../test/unit/aggregate/peers/machine.js';
import type { Work } from './micro.js';

const FLOWS = 8192;
const SOCKETS = 65_536;
const FIRST_OWNER = 100;
const PORT = 5432;
/** So long after it was found an other end is looked for again, ms. */
const STALE_MS = 31_000;

/** Eight connections of each of the flows; `answered`: their other ends are here, too. */
function crowded(answered: boolean, namespaces: number): Machine {
  const machine = new Machine();
  machine.listen();
  for (let netns = 3; netns < 3 + namespaces; netns++) machine.listen(netns, 3);
  const each = (SOCKETS / FLOWS) * (answered ? 0.5 : 1);
  for (let at = 0; at < FLOWS; at++) {
    const owner = FIRST_OWNER + at;
    const records = Array.from({ length: each }, (_, one) => connection(at * each + one, owner, answered));
    machine.feed(announced(owner), ...records.flat());
  }
  machine.tick(2);
  return machine;
}

/** From an address and a port of its own. */
function connection(n: number, owner: number, answered: boolean): Uint8Array[] {
  const from = { address: addressBytes(`10.1.${n >> 14}.2`), port: 40_000 + (n & 0x3fff) };
  const to = { address: addressBytes(SERVER), port: PORT };
  const client = outbound({ cookie: 10_000 + 2 * n, owner, remote: SERVER, port: PORT });
  const server = { ...client, cookie: client.cookie + 1, owner: 2, netns: 2, direction: DIRECTION.IN };
  const ends = { newstate: 1, laddr: from.address, lport: from.port, raddr: to.address, rport: to.port };
  const mirrored = { newstate: 1, laddr: to.address, lport: to.port, raddr: from.address, rport: from.port };
  return [
    eventOf(client, EVENT.ESTABLISHED, { ...ends, oldstate: 2 }),
    ...(answered ? [eventOf(server, EVENT.ACCEPTED, mirrored)] : []),
  ];
}

const tick = (name: string, machine: Machine): Work => ({
  name: `search for other ends, ${name}`,
  per: 'second',
  units: 1,
  prepare: () => machine.pass(STALE_MS),
  run: () => machine.tick(),
});

function floor({ aggregator: { flows, sockets } }: Machine): Work {
  const ports = new Set<number>();
  return {
    name: 'the same flows and sockets walked over',
    per: 'second',
    units: 1,
    prepare: () => ports.clear(),
    run: () => {
      for (const flow of flows.part(0, FLOWS)) ports.add(flow.destination.port);
      for (let slot = 0; slot < Math.min(SOCKETS, sockets.end); slot++)
        if (sockets.stateOf(slot) === ESTABLISHED) ports.add(sockets.flowOf(slot).destination.port);
    },
  };
}

export function searches(): Work[] {
  const nobody = crowded(false, 0);
  return [
    floor(nobody),
    tick('nobody is found', nobody),
    tick('nobody is found in 1,000 namespaces', crowded(false, 1000)),
    tick('all are found', crowded(true, 0)),
  ];
}
