/** How many sockets block each local port of a namespace. */
export class PortCounts {
  private readonly counts = new Map<number, number>();

  /** @param onChange a port became blocked, or free again */
  constructor(private readonly onChange: (port: number, by: 1 | -1) => void) {}

  add(port: number, by: 1 | -1): void {
    const before = this.counts.get(port) ?? 0;
    const count = before + by;
    if (count <= 0) this.counts.delete(port);
    else this.counts.set(port, count);
    if (before <= 0 !== count <= 0) this.onChange(port, by);
  }

  has(port: number): boolean {
    return this.counts.has(port);
  }

  ports(): Iterable<number> {
    return this.counts.keys();
  }
}
