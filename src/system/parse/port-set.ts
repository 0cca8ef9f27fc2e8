/** A set of ports, as ip_local_reserved_ports lists them. In: text. Out: answers. Pure. */
const PORTS = 65_536;

export class PortSet {
  private constructor(
    private readonly bits: Uint8Array,
    /** Ascending, disjoint, inclusive. */
    readonly ranges: readonly (readonly [number, number])[],
  ) {}

  /** "1,2,10-20": the kernel's own form. What is neither a port nor a range of ports is left out. */
  static parse(text: string): PortSet {
    const bits = new Uint8Array(PORTS / 8);
    for (const item of text.trim().split(',')) {
      const match = /^(\d+)(?:-(\d+))?$/.exec(item.trim());
      if (match !== null) mark(bits, Number(match[1]), Number(match[2] ?? match[1]));
    }
    return new PortSet(bits, [...rangesOf(bits)]);
  }

  has(port: number): boolean {
    return isSet(this.bits, port);
  }

  /** How many of the set lie in low..high, both included. */
  countIn(low: number, high: number): number {
    const overlap = ([from, to]: readonly [number, number]) => Math.min(to, high) - Math.max(from, low) + 1;
    return this.ranges.reduce((sum, range) => sum + Math.max(0, overlap(range)), 0);
  }
}

function mark(bits: Uint8Array, from: number, to: number): void {
  for (let port = from; port <= Math.min(to, PORTS - 1); port++) {
    bits[port >> 3] = (bits[port >> 3] ?? 0) | (1 << (port & 7));
  }
}

function isSet(bits: Uint8Array, port: number): boolean {
  return ((bits[port >> 3] ?? 0) & (1 << (port & 7))) !== 0;
}

function* rangesOf(bits: Uint8Array): Generator<[number, number]> {
  let from = -1;
  for (let port = 0; port <= PORTS; port++) {
    const set = port < PORTS && isSet(bits, port);
    if (set && from < 0) from = port;
    if (set || from < 0) continue;
    yield [from, port - 1];
    from = -1;
  }
}
