/** The completion of zsh, by its own _arguments. In: the words. Out: a script: for a folder of fpath, or to be sourced. */
import { type CommandWords, commandWords, type Flag, filterWords } from './words.js';

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
/** Inside a specification of _arguments. */
const escaped = (text: string): string => text.replace(/[\\[\]:()]/g, '\\$&');

export function zshScript(): string {
  const commands = commandWords();
  return `#compdef portchurn
# zsh completion of portchurn, made by "portchurn completion zsh"

_portchurn_netns() {
  local -a names
  names=(host /run/netns/*(N:t))
  compadd -a -- names
}

_portchurn_filter() {
  compset -P '* '
  compset -P '\\\\#!'
  if compset -P 'netns:'; then
    _portchurn_netns
    return
  fi
${filterWords()
  .filter(([, names]) => names.length > 0)
  .map(([key, names]) => `  if compset -P '${key}:'; then compadd -- ${names.join(' ')}; return; fi`)
  .join('\n')}
  compadd -S '' -- ${filterWords()
    .map(([key]) => `${key}:`)
    .join(' ')}
}

_portchurn() {
  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -C '(- *)'{-h,--help}'[display help for command]' '(- *)--version[output the version number]' \\
    '1: :->command' '*:: :->rest'
  case $state in
    command)
      local -a commands
      commands=(
${commands.map(({ name, summary }) => `        ${quoted(`${name}:${summary}`)}`).join('\n')}
      )
      _describe command commands ;;
    rest)
      case $words[1] in
${commands.map(commandCase).join('\n')}
      esac ;;
  esac
}

if [[ $funcstack[1] == _portchurn ]]; then _portchurn "$@"; else compdef _portchurn portchurn; fi
`;
}

function commandCase({ name, flags, argument }: CommandWords): string {
  const specs = [
    ...flags.flatMap(flagSpecs),
    ...(argument.length === 0 ? [] : [quoted(`1:${name}:(${argument.join(' ')})`)]),
  ];
  return `        ${name})\n          _arguments \\\n            ${specs.join(' \\\n            ')} ;;`;
}

/** A flag may be given again: some take several values, and the last one counts else. */
function flagSpecs({ long, short, help, value }: Flag): string[] {
  const rest = `[${escaped(help)}]${value === null ? '' : `:${escaped(value.name)}:${actionOf(value)}`}`;
  return [
    quoted(`*${long}${value === null ? '' : '='}${rest}`),
    ...(short === null ? [] : [quoted(`*${short}${rest}`)]),
  ];
}

function actionOf(value: NonNullable<Flag['value']>): string {
  return 'words' in value ? `(${value.words.map(escaped).join(' ')})` : FIND[value.find];
}

const FIND = {
  file: '_files',
  directory: '_files -/',
  process: '_pids',
  netns: '_portchurn_netns',
  filter: '_portchurn_filter',
  anything: ' ',
} as const;
