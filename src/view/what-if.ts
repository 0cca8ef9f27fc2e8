/** A what-if in words. In: projections, changes. Out: phrases, the same in the terminal and on the page. Pure. */
import type { Changes, Projection } from '../forecast/projection.js';
import { counted, integer, percent, rate, seconds } from '../protocol/format.js';

export function projectionWords(projection: Projection): string {
  const { limit, limitEach, reuse } = projection;
  const end = endWords(projection);
  const each = limit === limitEach ? '' : ` (${integer(limitEach)} per pair of addresses)`;
  const taken = reuse === 'after-delay' ? ', TIME_WAIT taken over after a second' : '';
  return `${counted(limit, 'port')}${each}, ${demandWords(projection)}${taken}: ${end}; ${needWords(projection)}`;
}

/** More than there are is held by nobody: then ports run out, if only beyond the hour that is looked ahead. */
function endWords({ limitEach, settlesAt, exhaustionSeconds }: Projection): string {
  if (exhaustionSeconds === 0) return 'out of ports now';
  if (exhaustionSeconds !== null) return `runs out in ${seconds(exhaustionSeconds)}`;
  if (settlesAt > limitEach) return 'runs out in more than an hour';
  return `never runs out at this rate: settles at ${integer(settlesAt)} (${percent(settlesAt / Math.max(1, limitEach))})`;
}

/** Whose calls fail may wait before the next try, and then asks for less than it needs. */
function demandWords({ demandPerSec, openPerSec, isLowerBound }: Projection): string {
  if (isLowerBound) return `at least ${rate(demandPerSec)} asked for/s, since calls fail`;
  return `${rate(demandPerSec)} ${demandPerSec > openPerSec ? 'asked for' : 'opened'}/s`;
}

/** In a loop that tries again at once, attempts are more than what is wanted: both ends are said. */
function needWords({ neededPorts, neededPortsLeast, demandPerSec }: Projection): string {
  if (neededPortsLeast === null) return `${counted(neededPorts, 'port')} needed`;
  return `${counted(neededPortsLeast, 'port')} needed for what gets one, ${integer(neededPorts)} for all ${rate(demandPerSec)} attempts/s`;
}

export function changeWords({ range, twReuse, sources, destinations, reused }: Changes): string {
  const parts = [
    range === null ? null : `range ${range.join('–')}`,
    twReuse === null ? null : `tcp_tw_reuse ${twReuse}`,
    sources === 1 ? null : `${sources} source addresses`,
    destinations === 1 ? null : `${destinations} destinations`,
    reused === 0 ? null : `${percent(reused)} of connections reused`,
  ];
  return parts.filter((part) => part !== null).join(', ');
}
