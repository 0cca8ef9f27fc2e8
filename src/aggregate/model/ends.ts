/** Both ends of a connection, as events and dump records both give them without building an object. */
export interface Ends {
  /** One of the four 32-bit words of an address, 0 to 3, as they lie in memory; IPv4 as v4-mapped. */
  localWord(index: number): number;
  remoteWord(index: number): number;
  readonly localBytes: Uint8Array;
  readonly remoteBytes: Uint8Array;
  readonly localPort: number;
  readonly remotePort: number;
}
