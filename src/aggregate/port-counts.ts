/** How many sockets block each local port of a namespace, and how many ports are blocked at all within a range. */
export class PortCounts {
  private readonly counts = new Map<number, number>();

  add(port: number, by: 1 | -1): void {
    const count = (this.counts.get(port) ?? 0) + by;
    if (count <= 0) this.counts.delete(port);
    else this.counts.set(port, count);
  }

  has(port: number): boolean {
    return this.counts.has(port);
  }

  ports(): Iterable<number> {
    return this.counts.keys();
  }

  /** Distinct blocked ports that a connect() could otherwise get. */
  countIf(usable: (port: number) => boolean): number {
    let blocked = 0;
    for (const port of this.counts.keys()) if (usable(port)) blocked += 1;
    return blocked;
  }
}
