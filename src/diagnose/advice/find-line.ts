/**
 * How to find the line of code that opens the connections: per runtime the few lines that the user runs. Nothing is put into a process
 * by us. Each prints the place of the calls to stderr, or to the terminal it runs in, and how many there were. In: a process, a
 * destination. Out: none, where a runtime has no such way. Pure.
 */
import type { Fix, Place, ProcessInfo } from '../../protocol/rows.js';
import { type Protocol, protocolOf, type Runtime } from '../runtime.js';
import { NODE_HOOK, PYTHON_HOOK, RUBY_HOOK } from './find-line-hooks.js';
import { fix } from './place.js';

interface About {
  readonly port: string;
  /** Of a process that lives; a word to replace where it has none. */
  readonly pid: string;
  /** Python's modules that speak this protocol in C. */
  readonly drivers: readonly string[];
}
type Finder = (about: About) => Fix;

/** A new directory of the user's own: a file at a name that everybody knows could be another user's. */
const FOLDER = 'dir=$(mktemp -d)';
const file = (name: string, lines: readonly string[]): string[] => [
  `cat > "$dir/${name}" <<'END'`,
  ...lines,
  'END',
];

/** What a variable has already. Empty it adds nothing: an empty part of a path is the current directory, whoever owns that. */
const kept = (variable: string, gap: string): string => `\${${variable}:+${gap}$${variable}}`;

/** @param variable that makes the runtime load the file */
const hooked = (port: string, name: string, lines: readonly string[], variable: string): Fix =>
  fix(
    `Start the program once more with this hook: after 10, 20, 40, … connects to port ${port} it prints which lines they came from.`,
    'shell',
    FOLDER,
    ...file(name, lines),
    `export ${variable}`,
    '# then start the program from this shell',
  );

const NODE: Finder = ({ port }) =>
  hooked(
    port,
    'find-line.cjs',
    NODE_HOOK(port),
    `NODE_OPTIONS="--require $dir/find-line.cjs${kept('NODE_OPTIONS', ' ')}"`,
  );

const PYTHON: Finder = ({ port, drivers }) =>
  hooked(port, 'sitecustomize.py', PYTHON_HOOK(port, drivers), `PYTHONPATH="$dir${kept('PYTHONPATH', ':')}"`);

const RUBY: Finder = ({ port }) =>
  hooked(port, 'find_line.rb', RUBY_HOOK(port), `RUBYOPT="-r$dir/find_line.rb${kept('RUBYOPT', ' ')}"`);

const JAVA: Finder = ({ port, pid }) =>
  fix(
    `Ask the running JVM (17 or newer) for ten seconds what its flight recorder sees: which lines write to port ${port}, and which start threads, as each new HttpClient does.`,
    'shell',
    `jcmd ${pid} JFR.start name=find-line duration=10s filename=/tmp/find-line-${pid}.jfr jdk.SocketWrite#threshold=0ms`,
    'sleep 12',
    `jfr print --events SocketWrite,ThreadStart --stack-depth 64 /tmp/find-line-${pid}.jfr |`,
    `awk '/^jdk/ { at = ""; told = /ThreadStart/ } /port = ${port}$/ { told = 1 }`,
    '     /line:/ && told && at == "" && $1 !~ /^(java|javax|jdk|sun|com[.]sun)[.]/ { at = $0; n[at]++ }',
    "     END { for (at in n) print n[at], at }' | sort -rn",
  );

const GO: Finder = ({ pid }) =>
  fix(
    'Stop at the next connection that it opens, print who asked for it, and go on: gdb holds the process for about a second. It needs the symbols, so no -ldflags -s.',
    'shell',
    `gdb -p ${pid} -batch -ex 'break net/http.(*Transport).queueForDial' -ex 'break net.(*Dialer).DialContext' -ex continue -ex 'bt 20' 2>&1 | grep '^#'`,
  );

/** In whatever language it was compiled from. */
const COMPILED: Finder = ({ pid }) =>
  fix(
    'Stop at its next connect(), print who asked for it, and go on: gdb holds the process for about a second. Run it a few times. A compiled program must have its debug information (gcc -g, or its package ending in -dbgsym); without it there are names at most.',
    'shell',
    `gdb -p ${pid} -batch -ex 'break connect' -ex continue -ex 'bt 20' 2>&1 | grep '^#'`,
  );

/** As xdebug writes calls: their level by blanks, the arguments, the place of the call. */
const PHP_CALLS =
  '(stream_socket_client|p?fsockopen|socket_connect|curl_(multi_)?exec|fopen|file_get_contents|(mysqli|PDO|SoapClient)->__construct|mysqli_(real_)?connect|pg_p?connect|Redis->p?connect|ftp_connect|get_headers)';

const PHP: Finder = () =>
  fix(
    'Let PHP write down its calls for some seconds, with xdebug (Debian: apt-get install php-xdebug): the program is many times slower meanwhile, and the file grows fast. It counts calls that may connect, to any port, by line. To undo it: rm -r "$dir"; apt-get remove php-xdebug.',
    'shell',
    FOLDER,
    ...file('find-line.ini', [
      'xdebug.mode=trace',
      'xdebug.start_with_request=yes',
      'xdebug.use_compression=0',
    ]),
    'echo "xdebug.output_dir=$dir" >> "$dir/find-line.ini"',
    'export PHP_INI_SCAN_DIR="$PHP_INI_SCAN_DIR:$dir"   # empty: the usual directory',
    `find_line() { sed -nE 's/^.*-> ${PHP_CALLS}[(].*[)] ([^ ]+:[0-9]+)$/\\5 \\1/p' "$dir"/*.xt | sort | uniq -c | sort -rn; }`,
    '# start the program from this shell (php-fpm: chown "$dir" to its user before), stop it after some seconds, then: find_line',
  );

const FINDERS: Readonly<Partial<Record<Runtime, Finder>>> = {
  node: NODE,
  python: PYTHON,
  ruby: RUBY,
  php: PHP,
  unknown: COMPILED,
  java: JAVA,
  go: GO,
};
const DRIVERS: Readonly<Partial<Record<Protocol, readonly string[]>>> = {
  postgres: ['psycopg', 'psycopg2'],
  mysql: ['MySQLdb'],
};

/** Without a port every connect would count: there is nothing to look for. */
export function lineFinders(
  runtime: Runtime,
  { pid, exited, script }: ProcessInfo,
  destination: Place,
): Fix[] {
  const finder = FINDERS[runtime];
  if (finder === undefined || destination.port === null || (finder === COMPILED && script !== null))
    return [];
  const isThere = pid !== null && exited !== true;
  const drivers = DRIVERS[protocolOf(destination)] ?? [];
  return [finder({ port: String(destination.port), pid: isThere ? String(pid) : 'PID', drivers })];
}
