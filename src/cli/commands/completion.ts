/** `portchurn completion SHELL`: a script for that shell on stdout. In: the shell. Out: exit code 0. */
import type { ValuesOf } from '../../config/options.js';
import { EXIT } from '../../protocol/errors.js';
import type { Io } from '../io.js';

type Shell = ValuesOf<'completion'>['shell'];

export async function completion({ shell }: ValuesOf<'completion'>, io: Io): Promise<number> {
  io.stdout.write(await scriptOf(shell));
  return EXIT.ok;
}

async function scriptOf(shell: Shell): Promise<string> {
  switch (shell) {
    case 'bash':
      return (await import('../completion/bash.js')).bashScript();
    case 'zsh':
      return (await import('../completion/zsh.js')).zshScript();
    case 'fish':
      return (await import('../completion/fish.js')).fishScript();
  }
}
