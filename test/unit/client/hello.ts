/** What a service says first. */
import type { Hello } from '../../../src/protocol/frames.js';

export const HELLO: Hello = {
  type: 'hello',
  protocol: 1,
  version: '0',
  host: 'h',
  epoch: 'e1',
  mode: 'ebpf',
  verdictPath: 'ehash',
  limits: [],
  intervalMs: 1000,
  topics: ['failures'],
  kernel: '6',
};
