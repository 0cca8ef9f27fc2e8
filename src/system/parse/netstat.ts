/**
 * Counters of /proc/net/netstat and /proc/net/snmp: pairs of lines, names and numbers, each beginning with its group.
 * In: text. Out: numbers by group and name. Pure.
 */
export type Counters = Record<string, Record<string, number>>;

export function parseNetstat(text: string): Counters {
  const lines = text.split('\n');
  const groups: Counters = {};
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const [names, values] = [words(lines[i]), words(lines[i + 1])];
    const group = names[0]?.replace(/:$/, '');
    if (group === undefined || names[0] !== values[0]) continue;
    groups[group] = Object.fromEntries(names.slice(1).map((name, at) => [name, Number(values[at + 1])]));
  }
  return groups;
}

function words(line: string | undefined): string[] {
  return line?.split(' ') ?? [];
}
