/**
 * The completion of bash. It needs no other package: the line is split here, since bash splits it at each colon too. What is offered is
 * quoted, so that no name of a namespace can run a command. In: the words. Out: a script.
 */
import { commandWords, type Flag, filterWords } from './words.js';

const quoted = (text: string): string =>
  /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
const all = (words: readonly string[]): string => words.map(quoted).join(' ');

export function bashScript(): string {
  const commands = commandWords();
  const valueCases = commands.flatMap(({ name, flags }) => flags.flatMap((flag) => valueCase(name, flag)));
  const wordCases = commands.map(
    ({ name, flags, argument }) =>
      `    ${name}) _portchurn_offer ${all([...argument, ...flags.flatMap(({ long, short }) => [long, ...(short === null ? [] : [short])])])} ;;`,
  );
  const filterCases = filterWords().flatMap(([key, names]) =>
    names.length === 0 ? [] : `    ${key}) _portchurn_offer ${all(names.map((name) => `${key}:${name}`))} ;;`,
  );
  return `${SPLIT}
_portchurn_filter() {
  if [[ $cur == *' '* ]]; then base+="\${cur% *} "; cur=\${cur##* }; fi
  if [[ $cur == '!'* ]]; then base+='!'; cur=\${cur#!}; fi
  case $cur in
    *:*) ;;
    *)
      _portchurn_open ${all(filterWords().map(([key]) => `${key}:`))}
      return ;;
  esac
  case \${cur%%:*} in
    netns) base+='netns:'; cur=\${cur#*:}; _portchurn_netns ;;
${filterCases.join('\n')}
  esac
}

_portchurn() {
  local words cur quote='' base='' name flag
  local -i fixed=0
  COMPREPLY=()
  _portchurn_split
  while ((\${#words[@]} > 2)) && [[ \${words[0]} != "$1" ]]; do words=("\${words[@]:1}"); done
  cur=\${words[\${#words[@]}-1]}
  if ((\${#words[@]} < 3)); then
    _portchurn_offer ${all([...commands.map(({ name }) => name), '--help', '--version'])}
    return
  fi
  name=\${words[1]} flag=\${words[\${#words[@]}-2]}
  if [[ $cur == --*=* ]]; then flag=\${cur%%=*}; base="$flag="; cur=\${cur#*=}; fi
  case "$name $flag" in
${valueCases.join('\n')}
  esac
  [[ $base ]] && return
  case $name in
${wordCases.join('\n')}
  esac
}
complete -F _portchurn portchurn
`;
}

function valueCase(name: string, { long, short, value }: Flag): string[] {
  if (value === null) return [];
  const patterns = [long, ...(short === null ? [] : [short])].map((flag) => `'${name} ${flag}'`).join('|');
  const offer = 'words' in value ? `_portchurn_offer ${all(value.words)}` : FIND[value.find];
  return [`    ${patterns}) ${offer}; return ;;`];
}

const FIND = {
  file: 'compopt -o default 2>/dev/null',
  directory: 'compopt -o dirnames 2>/dev/null',
  process: '_portchurn_process',
  netns: "_portchurn_netns; _portchurn_open 'pid:'",
  filter: '_portchurn_filter',
  anything: ':',
} as const;

const SPLIT = `# bash completion of portchurn, made by "portchurn completion bash"

# The line before the cursor, split as the shell does it. "fixed": how much of the last word readline keeps as it is.
_portchurn_split() {
  local line=\${COMP_LINE:0:COMP_POINT} word='' begun='' c
  local -i i
  words=()
  for ((i = 0; i < \${#line}; i++)); do
    c=\${line:i:1}
    if [[ $quote ]]; then
      if [[ $c == "$quote" ]]; then quote=''; else word+=$c; fi
    elif [[ $c == [\\'\\"] ]]; then
      quote=$c begun=1 fixed=\${#word}
    elif [[ $c == \\\\ ]]; then
      i+=1 begun=1 word+=\${line:i:1}
    elif [[ $c == [[:space:]] ]]; then
      [[ $begun ]] && words+=("$word")
      word='' begun='' fixed=0
    else
      word+=$c begun=1
      [[ $c == [:=] && $COMP_WORDBREAKS == *"$c"* ]] && fixed=\${#word}
    fi
  done
  words+=("$word")
}

# Those words that begin as the last one does, quoted unless a quote is open.
_portchurn_offer() {
  local word
  for word; do
    [[ $word == "$cur"* ]] || continue
    word=$base$word word=\${word:fixed}
    if [[ -z $quote ]]; then
      printf -v word %q "$word"
    elif [[ $word == *[\\'\\"\\\\\\\`\\$[:cntrl:]]* ]]; then
      continue
    fi
    COMPREPLY+=("$word")
  done
}

# Words behind which one goes on: no blank after them. A second one keeps readline from closing an open quote.
_portchurn_open() {
  _portchurn_offer "$@"
  ((\${#COMPREPLY[@]} == 1)) && [[ \${COMPREPLY[0]} == *: ]] || return 0
  compopt -o nospace 2>/dev/null
  [[ $quote ]] && COMPREPLY+=("\${COMPREPLY[0]}*")
  return 0
}

_portchurn_netns() {
  local path
  _portchurn_offer host
  for path in /run/netns/*; do
    [[ -e $path ]] && _portchurn_offer "\${path##*/}"
  done
}

_portchurn_process() {
  local path
  for path in /proc/[0-9]*; do _portchurn_offer "\${path##*/}"; done
}
`;
