/** The completion of fish. In: the words. Out: a script. */
import { type CommandWords, commandWords, type Flag, filterWords } from './words.js';

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

export function fishScript(): string {
  const commands = commandWords();
  return `# fish completion of portchurn, made by "portchurn completion fish"

function __portchurn_netns
    echo host
    for path in /run/netns/*
        string replace -r '.*/' '' -- $path
    end
end

# Words that can end the expression under the cursor, each behind what stands before it.
function __portchurn_filter
    set -l token (commandline -ct | string replace -r '^--filter=' '' | string trim -l -c '\\'"')
    set -l before (string match -r '^(?:.* )?!?' -- $token)
    set -l last (string sub -s (math (string length -- "$before") + 1) -- $token)
    switch $last
        case 'netns:*'
            printf '%s\\n' $before'netns:'(__portchurn_netns)
${filterWords()
  .filter(([, names]) => names.length > 0)
  .map(
    ([key, names]) =>
      `        case '${key}:*'\n            printf '%s\\n' $before'${key}:'{${names.join(',')}}`,
  )
  .join('\n')}
        case '*'
            printf '%s\\n' $before{${filterWords()
              .map(([key]) => `${key}:`)
              .join(',')}}
    end
end

complete -c portchurn -f
complete -c portchurn -n __fish_use_subcommand -s h -l help -d 'display help for command'
complete -c portchurn -n __fish_use_subcommand -l version -d 'output the version number'
${commands.flatMap(commandLines).join('\n')}
`;
}

function commandLines({ name, summary, flags, argument }: CommandWords): string[] {
  const within = `complete -c portchurn -n '__fish_seen_subcommand_from ${name}'`;
  return [
    `complete -c portchurn -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
    ...(argument.length === 0 ? [] : [`${within} -a ${quoted(argument.join(' '))}`]),
    ...flags.map((flag) => `${within} ${flagWords(flag)}`),
  ];
}

function flagWords({ long, short, help, value }: Flag): string {
  const names = `${short === null ? '' : `-s ${short.slice(1)} `}-l ${long.slice(2)}`;
  return [names, ...(value === null ? [] : [valueWords(value)]), `-d ${quoted(help)}`].join(' ');
}

function valueWords(value: NonNullable<Flag['value']>): string {
  return 'words' in value ? `-x -a ${quoted(value.words.join(' '))}` : FIND[value.find];
}

const FIND = {
  file: '-r -F',
  directory: "-x -a '(__fish_complete_directories)'",
  process: "-x -a '(__fish_complete_pids)'",
  netns: "-x -a '(__portchurn_netns)'",
  filter: "-x -a '(__portchurn_filter)'",
  anything: '-x',
} as const;
