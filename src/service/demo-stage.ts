/**
 * The stage of `portchurn demo` (bin/demo/stage.js) in a network namespace of its own. In: scenes. Out: the namespace's inode. Nothing is
 * left of it when this process ends, however it ends: its programs end with their input.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { DemoScene, DemoStage } from '../cli/backends.js';
import { PortchurnError } from '../protocol/errors.js';

const STAGE = fileURLToPath(new URL('../../bin/demo/stage.js', import.meta.url));
const START_MS = 20_000;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** Throws NOT_PERMITTED where no namespace can be made, INTERNAL when the stage does not start. */
export async function openStage(): Promise<DemoStage> {
  const child = spawn('unshare', ['--net', process.execPath, STAGE], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => undefined); // It has ended: the next scene says so.
  const netns = await netnsOf(child);
  return {
    netns,
    play: (scene: DemoScene) => void child.stdin.write(`${JSON.stringify(scene)}\n`),
    end: () =>
      new Promise((done) => {
        child.once('close', () => done()).stdin.end();
        if (child.exitCode !== null) done();
      }),
  };
}

function netnsOf(child: Child): Promise<number> {
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(0, 500);
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), START_MS);
    const settle = (end: () => void) => {
      clearTimeout(timer);
      end();
    };
    child.once('error', (cause) =>
      settle(() => reject(notStarted('unshare(1) of util-linux is missing', cause))),
    );
    child.once('close', () => settle(() => reject(ended(said))));
    child.stdout.once('data', (line: Buffer) =>
      settle(() => resolve((JSON.parse(line.toString()) as { netns: number }).netns)),
    );
  });
}

function ended(said: string): PortchurnError {
  if (!/not permitted|denied/i.test(said)) return notStarted(said.trim() || 'it ended at once');
  return new PortchurnError(
    'NOT_PERMITTED',
    'the demo needs a network namespace of its own, which only root may make',
    {
      hint: 'sudo portchurn demo',
    },
  );
}

const notStarted = (why: string, cause?: Error) =>
  new PortchurnError('INTERNAL', `the demo did not start: ${why}`, {
    hint: 'it needs unshare (util-linux) and ip (iproute2)',
    cause,
  });
