/** How many sockets block each local port of a namespace. */
export class PortCounts {
  private readonly counts = new Map<number, number>();

  add(port: number, by: 1 | -1): void {
    const count = (this.counts.get(port) ?? 0) + by;
    if (count <= 0) this.counts.delete(port);
    else this.counts.set(port, count);
  }

  ports(): Iterable<number> {
    return this.counts.keys();
  }
}
