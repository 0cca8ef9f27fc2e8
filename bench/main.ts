/**
 * Which sub-benches there are, and their order. In: the words of the command line. Out: tables on stdout, progress on
 * stderr.
 */
import { parseArgs } from 'node:util';
import { Stop } from '../scripts/lib/run.js';
import { growth } from './growth.js';
import { describeMachine } from './lib/machine.js';
import { micro } from './micro.js';
import { page } from './page.js';
import { pictures } from './pictures.js';
import { saturation } from './saturation.js';
import { scale } from './scale.js';
import { screen } from './screen.js';
import { stalls } from './stalls.js';
import { steady } from './steady.js';

/** `quick`: fewer rounds and shorter measurements, to see that something is not far off. */
export type Bench = (quick: boolean) => Promise<void>;

const DEFAULT = { saturation, steady, scale, stalls, micro, screen, page } satisfies Record<string, Bench>;
/** Only when asked for: minutes for one figure, or none. */
const ALL: Record<string, Bench> = { ...DEFAULT, growth, pictures };

const HELP = `Usage: npm run bench [-- [--quick] [BENCH...]]
Benches: ${Object.keys(ALL).join(' ')}. Without a name: all but growth and pictures.
--quick: fewer rounds and shorter measurements. Needs root. How to read it: bench/README.md`;

export async function bench(words: string[]): Promise<void> {
  const { values, positionals } = parse(words);
  if (values.help) return console.log(HELP);
  const names = positionals.length > 0 ? positionals : Object.keys(DEFAULT);
  const chosen = names.map((name) => [name, named(name)] as const);
  console.log(describeMachine(words));
  for (const [name, run] of chosen) {
    console.log(`\n## ${name}\n`);
    await run(values.quick);
  }
}

function parse(args: string[]) {
  const quick = { type: 'boolean', default: false } as const;
  const help = { type: 'boolean', short: 'h', default: false } as const;
  try {
    return parseArgs({ args, options: { quick, help }, allowPositionals: true });
  } catch (error) {
    throw new Stop(`${(error as Error).message}\n${HELP}`, 2);
  }
}

function named(name: string): Bench {
  const found = ALL[name];
  if (found !== undefined) return found;
  throw new Stop(`There is no bench "${name}". Benches: ${Object.keys(ALL).join(' ')}`, 2);
}
