import { describe, expect, it } from 'vitest';
import {
  forecastLimit,
  freePorts,
  isUsable,
  portLimit,
  surePorts,
} from '../../../src/forecast/port-range.js';
import { parseSysctls, type SysctlTexts } from '../../../src/system/parse/sysctl.js';

function facts(range: string | null, reserved = '') {
  return parseSysctls({
    ip_local_port_range: range,
    ip_local_reserved_ports: reserved,
  } as SysctlTexts);
}

describe('the ports of a range', () => {
  it.each([
    ['the default range', '32768 60999', '', 28_232, 28_232],
    ['one port', '40000 40000', '', 1, 1],
    ['one reserved port', '40000 40000', '40000', 0, 0],
    ['two ports', '40000 40001', '', 2, 2],
    ['three ports', '40000 40002', '', 3, 2],
    ['an odd range', '40000 40010', '', 11, 10],
    ['an odd range without its low end', '40000 40010', '40000', 10, 9],
    ['an odd range without its high end', '40000 40010', '40010', 10, 9],
    ['an odd range without either end', '40000 40010', '40000,40010', 9, 9],
    ['an odd range, reserved inside', '40000 40010', '40004-40005', 9, 8],
    ['an even range, reserved inside', '40000 40009', '40003', 9, 9],
    ['a range all reserved', '40000 40010', '1-65535', 0, 0],
    ['reserved ports elsewhere', '40000 40009', '22,50000-60000', 10, 10],
    ['every port', '1 65535', '', 65_535, 65_534],
  ])('of %s', (_, range, reserved, limit, sure) => {
    const known = facts(range, reserved);
    expect([portLimit(known), surePorts(known)]).toEqual([limit, sure]);
  });

  it('are not known when the range is not', () => {
    const known = facts(null);
    expect([portLimit(known), surePorts(known), forecastLimit(known, 3)]).toEqual([null, null, null]);
    expect(isUsable(known, 40_000)).toBe(false);
  });

  it('are usable inside the range unless reserved', () => {
    const known = facts('40000 40010', '40005');
    const usable = [39_999, 40_000, 40_005, 40_010, 40_011].filter((port) => isUsable(known, port));
    expect(usable).toEqual([40_000, 40_010]);
  });
});

it('a forecast runs against the sure ports less the blocked ones', () => {
  expect(forecastLimit(facts('40000 40010'), 3)).toBe(7);
  expect(forecastLimit(facts('40000 40001'), 3)).toBe(0);
});

it('free is what is neither used nor blocked, never less than nothing', () => {
  expect(freePorts(100, 60, 30)).toBe(10);
  expect(freePorts(100, 60, 50)).toBe(0);
});
