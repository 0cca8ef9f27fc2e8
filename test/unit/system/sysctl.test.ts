import { describe, expect, it } from 'vitest';
import { PortSet } from '../../../src/system/parse/port-set.js';
import { parsePortRange, parseSysctls, SYSCTL_FILES } from '../../../src/system/parse/sysctl.js';
import { readSysctls } from '../../../src/system/sysctl.js';
import { testScope } from '../../support/scope.js';
import { plant } from '../../support/tree.js';

const TEXTS = {
  ip_local_port_range: '32768\t60999\n',
  ip_local_reserved_ports: '\n',
  tcp_tw_reuse: '2\n',
  tcp_tw_reuse_delay: '1000\n',
  tcp_timestamps: '1\n',
  tcp_fin_timeout: '60\n',
  tcp_max_tw_buckets: '131072\n',
};

describe('a set of ports', () => {
  it('reads single ports and ranges', () => {
    const set = PortSet.parse('1,2,10-20\n');
    const inside = Array.from({ length: 30 }, (_, port) => port).filter((port) => set.has(port));
    expect(inside).toEqual([1, 2, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  });

  it('counts what lies in a range, both ends included', () => {
    const set = PortSet.parse('1,2,10-20');
    expect(set.countIn(0, 65_535)).toBe(13);
    expect(set.countIn(2, 10)).toBe(2);
    expect(set.countIn(12, 14)).toBe(3);
    expect(set.countIn(21, 30)).toBe(0);
  });

  it('counts a port once however often it is listed', () => {
    const set = PortSet.parse('5,5,4-6,6-8');
    expect(set.countIn(0, 65_535)).toBe(5);
    expect(set.ranges).toEqual([[4, 8]]);
  });

  it('holds the first and the last port', () => {
    const set = PortSet.parse('0,65535');
    expect([set.has(0), set.has(1), set.has(65_534), set.has(65_535), set.has(65_536), set.has(-1)]).toEqual([
      true,
      false,
      false,
      true,
      false,
      false,
    ]);
  });

  it.each(['', '\n', 'x', '-', '20-10', '1-', '70000', ',,'])('is empty for %j', (text) => {
    expect(PortSet.parse(text).countIn(0, 65_535)).toBe(0);
  });
});

describe('port settings', () => {
  it('become numbers', () => {
    expect(parseSysctls(TEXTS)).toMatchObject({
      portRange: [32768, 60999],
      usablePorts: 28_232,
      reservedPorts: 0,
      tcpTwReuse: 2,
      tcpTwReuseDelayMs: 1000,
      tcpTimestamps: 1,
      tcpFinTimeout: 60,
      tcpMaxTwBuckets: 131_072,
    });
  });

  it('take only those reserved ports from the range that lie in it', () => {
    const settings = parseSysctls({ ...TEXTS, ip_local_reserved_ports: '8080,32760-32769,60999-61010\n' });
    expect(settings).toMatchObject({ reservedPorts: 3, usablePorts: 28_229 });
  });

  it('are null where the kernel has no such file', () => {
    const settings = parseSysctls({ ...TEXTS, tcp_tw_reuse_delay: null, ip_local_port_range: null });
    expect(settings).toMatchObject({
      tcpTwReuseDelayMs: null,
      portRange: null,
      usablePorts: null,
      reservedPorts: null,
    });
  });

  it('are null, not 0, where the text is no number', () => {
    expect(parseSysctls({ ...TEXTS, tcp_tw_reuse: '\n', tcp_fin_timeout: 'x' })).toMatchObject({
      tcpTwReuse: null,
      tcpFinTimeout: null,
    });
    expect(['', '1', '1 2 3', 'a b'].map(parsePortRange)).toEqual([null, null, null, null]);
  });

  it('are read from files, and a missing file is null', () => {
    const { tcp_tw_reuse_delay: _, ...files } = TEXTS;
    expect(readSysctls(plant(testScope().directory(), { files }))).toEqual({
      ...TEXTS,
      tcp_tw_reuse_delay: null,
    });
  });

  it('are read whole, however many ports are reserved', () => {
    const list = Array.from({ length: 32_768 }, (_, i) => i * 2).join(',');
    const root = plant(testScope().directory(), {
      files: { ...TEXTS, ip_local_reserved_ports: `${list}\n` },
    });
    expect(parseSysctls(readSysctls(root)).reservedPorts).toBe(14_116);
    expect(SYSCTL_FILES.length).toBe(Object.keys(TEXTS).length);
  });
});
