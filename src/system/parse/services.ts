/** The registry of services, services(5). In: its text. Out: the name of each TCP port, the first where it has several. Pure. */

/** As RFC 6335 5.1 allows, and what older registries have besides. */
const LINE = /^([a-z0-9][a-z0-9._+-]{0,62})\s+(\d{1,5})\/tcp(?![a-z])/i;
const PORTS = 65_536;

export function parseServices(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [, name, port] = LINE.exec(line) ?? [];
    if (name === undefined || Number(port) >= PORTS || names.has(Number(port))) continue;
    names.set(Number(port), name);
  }
  return names;
}
