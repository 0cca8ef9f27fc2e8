import { describe, expect, it } from 'vitest';
import { wantedChange } from '../../../src/diagnose/remedies/wanted.js';
import type { PortUse } from '../../../src/diagnose/types.js';
import type { TotalsRow } from '../../../src/protocol/rows.js';
import { budget, proc, totals } from '../publish/rows.js';

const USE: PortUse = { reserved: [[9500, 9500]], listening: [5432, 20_000, 35_000, 80] };
const row = budget('b', { netnsId: '7', holders: [{ process: proc({ pid: 9 }), ports: 5 }] });
const place = (parts: Partial<TotalsRow> = {}) =>
  totals('7', {
    netnsId: '7',
    netns: 4711,
    name: 'web',
    portRange: [30_000, 39_999],
    tcpTwReuse: 2,
    ...parts,
  });
const change = (
  wanted: { range?: [number, number]; twReuse?: number },
  where: TotalsRow | undefined = place(),
  use: PortUse | null = USE,
) => wantedChange({ range: null, twReuse: null, ...wanted }, row, where, { portsOf: () => use });

describe('settings that somebody chose', () => {
  it('come as one command for their namespace, what listens there reserved first, with undo in the other order', () => {
    const found = change({ range: [15_000, 60_000], twReuse: 1 });
    expect(found?.command).toMatch(
      /-inum 4711 .*sysctl -w net\.ipv4\.ip_local_reserved_ports="9500,20000" net\.ipv4\.ip_local_port_range="15000 60000" net\.ipv4\.tcp_tw_reuse="1"$/,
    );
    expect(found?.undo).toMatch(
      /-inum 4711 .*sysctl -w net\.ipv4\.tcp_tw_reuse="2" net\.ipv4\.ip_local_port_range="30000 39999" net\.ipv4\.ip_local_reserved_ports="9500"$/,
    );
    expect(found?.text).toBe('Port range 30000–39999 → 15000–60000; tcp_tw_reuse 2 → 1');
    expect(found?.effect).toMatch(
      /^At once, for new connections\. The port on which a program listens there/,
    );
  });

  it('reserve nothing for a narrower range, nor where it is not known what listens', () => {
    expect(change({ range: [31_000, 32_000] })?.command).not.toContain('reserved');
    expect(change({ range: [1024, 65_535] }, place(), null)?.command).not.toContain('reserved');
  });

  it('are the host’s own where the budget is the host’s', () => {
    expect(change({ twReuse: 0 }, place({ name: 'host' }))).toMatchObject({
      command: 'sysctl -w net.ipv4.tcp_tw_reuse="0"',
      undo: 'sysctl -w net.ipv4.tcp_tw_reuse="2"',
      effect: 'At once, for new connections.',
    });
  });

  it('are no change where they are set already, or where it is not known what is set', () => {
    expect(change({ range: [30_000, 39_999], twReuse: 2 })).toBeNull();
    expect(change({})).toBeNull();
    expect(change({ twReuse: 1 }, place({ tcpTwReuse: null }))).toBeNull();
    expect(
      wantedChange({ range: [1024, 2048], twReuse: 1 }, row, undefined, { portsOf: () => USE }),
    ).toBeNull();
  });
});
