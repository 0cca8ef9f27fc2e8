/**
 * One set-up at a time per tree: two would run the same build directory. The lock is an abstract unix socket named
 * after the tree: the kernel lets it go when its holder ends, however that ends, and whoever waits sees the connection
 * close.
 */
import { connect, createServer } from 'node:net';
import { ROOT, say } from './run.js';

const NAME = `\0portchurn-setup:${ROOT}`;

/** Tries once. @returns {Promise<(() => void) | null>} gives the lock back; null: somebody has it */
function take() {
  /** @type {Set<import('node:net').Socket>} */
  const waiting = new Set();
  const server = createServer((socket) => waiting.add(socket.on('error', () => {})));
  const release = () => {
    server.close();
    for (const socket of waiting) socket.destroy();
  };
  return new Promise((resolve, reject) => {
    server.on('error', (/** @type {NodeJS.ErrnoException} */ error) =>
      error.code === 'EADDRINUSE' ? resolve(null) : reject(error),
    );
    server.listen(NAME, () => resolve(release));
  });
}

/** Ends when the holder has let go. @returns {Promise<void>} */
function released() {
  return new Promise((resolve) => {
    const socket = connect(NAME);
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.resume();
  });
}

/**
 * @template T
 * @param {() => Promise<T>} body
 */
export async function locked(body) {
  let release = await take();
  for (; !release; release = await take()) {
    say('setup: waiting for another set-up of this tree');
    await released();
  }
  try {
    return await body();
  } finally {
    release();
  }
}
