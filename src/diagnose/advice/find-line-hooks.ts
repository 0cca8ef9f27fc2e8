/**
 * The hooks that find-line.ts has the user load into a program of his own. Each counts connects toward a port by the innermost line
 * that belongs to the program, neither to the runtime nor to a package, and prints the counts when they have doubled. In: a port.
 * Out: lines of the runtime's language.
 */

/** fetch() connects after the caller's frame has returned: it is remembered from the call on. */
export const NODE_HOOK = (port: string): string[] => [
  "const net = require('node:net');",
  "const { AsyncLocalStorage } = require('node:async_hooks');",
  'const caller = new AsyncLocalStorage();',
  'const counts = new Map();',
  'let total = 0, next = 10;',
  'Error.stackTraceLimit = 50;',
  'const ours = (line) => /:\\d+:\\d+\\)?$/.test(line) && !/node:|node_modules|find-line\\.cjs/.test(line);',
  "const place = () => new Error().stack.split('\\n').find(ours)?.trim();",
  'const { fetch } = globalThis;',
  'if (fetch) globalThis.fetch = (...args) => caller.run(place(), fetch, ...args);',
  'const { connect } = net.Socket.prototype;',
  'net.Socket.prototype.connect = function (...args) {',
  '  const [to] = Array.isArray(args[0]) ? args[0] : args;',
  `  if (Number(to?.port ?? to) === ${port}) count(place() ?? caller.getStore() ?? 'an unknown line');`,
  '  return connect.apply(this, args);',
  '};',
  'function count(line) {',
  '  counts.set(line, (counts.get(line) ?? 0) + 1);',
  '  if (++total < next) return;',
  '  next *= 2;',
  `  for (const [at, n] of counts) console.error(\`\${n} connects to port ${port} \${at}\`);`,
  '}',
];

/** @param drivers that connect in C, where Python audits nothing: their connect() is counted instead */
export const PYTHON_HOOK = (port: string, drivers: readonly string[]): string[] => [
  'import collections, sys',
  'counts, total, most = collections.Counter(), 0, 10',
  'def place():',
  '    frame = sys._getframe(1)',
  '    while frame:',
  '        name = frame.f_code.co_filename',
  "        if not any(part in name for part in ('/lib/python', '/python3/dist-packages', 'sitecustomize', '<frozen')):",
  "            return f'{name}:{frame.f_lineno} {frame.f_code.co_name}'",
  '        frame = frame.f_back',
  'def count():',
  '    global total, most',
  "    counts[place() or 'an unknown line'] += 1",
  '    total += 1',
  '    if total >= most:',
  '        most *= 2',
  '        for at, n in counts.most_common():',
  `            print(f'{n} connects to port ${port} at {at}', file=sys.stderr, flush=True)`,
  'def hook(event, args):',
  `    if event == 'socket.connect' and isinstance(args[1], tuple) and args[1][1] == ${port}: count()`,
  'sys.addaudithook(hook)',
  ...(drivers.length === 0 ? [] : driverHook(drivers)),
];

const driverHook = (drivers: readonly string[]): string[] => [
  'def counted(connect):',
  '    def counting(*args, **more):',
  '        count()',
  '        return connect(*args, **more)',
  '    return counting',
  `for name in (${drivers.map((name) => `'${name}', `).join('')}):`,
  '    try: driver = __import__(name)',
  '    except ImportError: continue',
  '    driver.connect = counted(driver.connect)',
];

export const RUBY_HOOK = (port: string): string[] => [
  "require 'socket'",
  'module FindLine',
  '  COUNTS, @total, @most = Hash.new(0), 0, 10',
  '  def self.count',
  "    at = caller.find { |line| line !~ %r{/(rubygems|gems|lib/ruby)/|find_line\\.rb|<internal} } || 'an unknown line'",
  '    COUNTS[at] += 1',
  '    return if (@total += 1) < @most',
  '    @most *= 2',
  `    COUNTS.each { |line, n| warn "#{n} connects to port ${port} at #{line}" }`,
  '  end',
  'end',
  'TCPSocket.prepend(Module.new do',
  '  def initialize(host, port, *rest, **more)',
  `    FindLine.count if port.to_i == ${port}`,
  '    super',
  '  end',
  'end)',
  'Socket.prepend(Module.new do',
  '  def connect_nonblock(address, **more)',
  `    FindLine.count if (address.is_a?(Addrinfo) ? address : Addrinfo.new(address)).ip_port == ${port}`,
  '    super',
  '  end',
  'end)',
];
