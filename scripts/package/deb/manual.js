/**
 * Manual pages: one for the program, one for each command. In: the command line as commander has it (src/cli/program.ts), the table of exit
 * codes of docs/cli.md. Out: texts for man(1); nothing is said here that is not said there.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runnerImport } from 'vite';
import { ROOT } from '../../lib/run.js';

/** @typedef {import('commander').Command} Command */
/** @typedef {{ version: string, time: Date }} Edition of the pages */

const SECTION = 1;

/** Text as roff reads it: dashes that can be copied, no command at the beginning of a line. @param {string} text */
export const roff = (text) =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(
      /[^\x20-\x7e\n]/gu,
      (sign) => `\\[u${sign.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`,
    )
    .replace(/^(?=[.'])/gm, '\\&');

/** @param {string} name @param {string[]} lines */
const section = (name, lines) => (lines.length === 0 ? [] : [`.SH ${name}`, ...lines]);

/** @param {string} term @param {string} text */
const item = (term, text) => ['.TP', `\\fB${roff(term)}\\fR`, roff(text)];

/** @param {string} cli docs/cli.md @returns {[code: string, meaning: string][]} */
export function exitCodes(cli) {
  const table = cli.split('\n## Exit codes\n')[1]?.split('\n\n')[0] ?? '';
  const rows = [...table.matchAll(/^\| (\d+) \| (.*) \|$/gm)];
  if (rows.length === 0) throw new Error('docs/cli.md has no table of exit codes');
  return rows.map(([, code = '', meaning = '']) => [code, meaning.replaceAll('`', '')]);
}

/** @param {string} name of a page @param {Edition} edition */
const heading = (name, { version, time }) =>
  `.TH ${roff(name.toUpperCase())} ${SECTION} "${time.toISOString().slice(0, 10)}" "portchurn ${version}" "portchurn manual"`;

/** What stands behind the options in --help. @param {Command} command */
function footerOf(command) {
  let said = '';
  const output = command.configureOutput();
  command.configureOutput({ ...output, writeOut: (text) => (said += text) });
  command.outputHelp();
  command.configureOutput(output);
  return said.slice(command.helpInformation().length).trim();
}

/** @param {string[]} others names of pages */
const seeAlso = (others) =>
  section('SEE ALSO', [others.map((name) => `\\fB${roff(name)}\\fR(${SECTION})`).join(',\n')]);

/** @param {Command} command @param {Edition} edition @returns {string} */
function commandPage(command, edition) {
  const help = command.createHelp();
  const name = `portchurn-${command.name()}`;
  const described = help
    .visibleArguments(command)
    .map((one) => item(help.argumentTerm(one), help.argumentDescription(one)));
  const options = help
    .visibleOptions(command)
    .map((one) => item(help.optionTerm(one), help.optionDescription(one)));
  const footer = footerOf(command);
  const lines = [
    heading(name, edition),
    ...section('NAME', [`${roff(name)} \\- ${roff(command.description())}`]),
    ...section('SYNOPSIS', [roff(help.commandUsage(command))]),
    ...section('ARGUMENTS', described.flat()),
    ...section('OPTIONS', options.flat()),
    ...section('ENVIRONMENT', footer === '' ? [] : [roff(footer)]),
    ...seeAlso(['portchurn']),
  ];
  return `${lines.join('\n')}\n`;
}

/** @param {Command} program @param {[string, string][]} codes @param {Edition} edition @returns {string} */
function programPage(program, codes, edition) {
  const help = program.createHelp();
  const pages = program.commands.map((command) => `portchurn-${command.name()}`);
  const lines = [
    heading('portchurn', edition),
    ...section('NAME', [`portchurn \\- ${roff(program.description())}`]),
    ...section('SYNOPSIS', [roff(help.commandUsage(program))]),
    ...section(
      'COMMANDS',
      program.commands.flatMap((command) => item(command.name(), command.description())),
    ),
    ...section(
      'OPTIONS',
      help.visibleOptions(program).flatMap((one) => item(help.optionTerm(one), help.optionDescription(one))),
    ),
    ...section(
      'EXIT STATUS',
      codes.flatMap(([code, meaning]) => item(code, meaning)),
    ),
    ...seeAlso(pages),
  ];
  return `${lines.join('\n')}\n`;
}

/** @param {Command} program @param {string} cli docs/cli.md @param {Edition} edition @returns {Map<string, string>} texts by names */
export const pagesOf = (program, cli, edition) =>
  new Map([
    ['portchurn', programPage(program, exitCodes(cli), edition)],
    ...program.commands.map(
      (one) => /** @type {[string, string]} */ ([`portchurn-${one.name()}`, commandPage(one, edition)]),
    ),
  ]);

/** @param {Edition} edition @returns {Promise<Map<string, string>>} texts by names */
export async function manualPages(edition) {
  /** @type {{ module: typeof import('../../../src/cli/program.js') }} */
  const { module } = await runnerImport(join(ROOT, 'src/cli/program.ts'));
  const nobody = /** @type {never} */ ({});
  const program = module.buildProgram(nobody, nobody, () => undefined);
  return pagesOf(program, readFileSync(join(ROOT, 'docs/cli.md'), 'utf8'), edition);
}
