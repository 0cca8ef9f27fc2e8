/**
 * bind() before connect(), toward eight destinations: their connections fail when the ports of one are used up. With what is printed
 * each destination has all of them.
 */
import { execFileSync } from 'node:child_process';
import { beforeAll, expect, it } from 'vitest';
import { Stage } from '../e2e/stories/fixes/apply.js';
import { program } from '../support/misconfigured.js';
import { KEPT, Netns } from '../support/netns.js';
import type { Running } from '../support/process.js';
import { fileScope, testScope } from '../support/scope.js';
import { type Service, startService } from '../support/service.js';

const PORT = 8080;
const DESTINATIONS = 8;
const RANGE = 'net.ipv4.ip_local_port_range';
/** 200 ports; the second range has none that the bad program left in TIME_WAIT. */
const [FIRST, SECOND] = ['30000 30199', '40000 40199'];
const FAILURES = 20;
/** More than one destination's ports, fewer than all have. */
const CONNECTIONS = 600;

/** The program with these lines before its bind(); without them it is the bad one. */
type Program = (stage: Stage, lines: string) => string[];
const PROGRAMS: Record<string, Program> = {
  python: (stage, lines) => [
    '/usr/bin/python3',
    stage.write(
      'binder.py',
      `import socket, time, itertools
for n in itertools.cycle(range(1, ${DESTINATIONS + 1})):
    s = socket.socket()
    try:
${lines.replace(/^/gm, '        ')}
        s.bind(('127.0.0.1', 0))
        s.connect((f'127.0.0.{n}', ${PORT}))
        print('.', end='', flush=True)
    except OSError:
        print('x', end='', flush=True)
    s.close()
    time.sleep(0.01)
`,
    ),
  ],
  /* It has no way to ask for a late bind: what is printed stands in place of the connect. */
  node: (stage, lines) => [
    process.execPath,
    stage.write(
      'binder.mjs',
      `import net from 'node:net';
let n = 0;
const toward = (host) => {
${lines === '' ? `const socket = net.connect({ host, port: ${PORT}, localAddress: '127.0.0.1' });` : lines.replace(/host: '[^']*'/, 'host')}
  socket.on('connect', () => { process.stdout.write('.'); socket.destroy(); });
  socket.on('error', () => process.stdout.write('x'));
};
setInterval(() => toward(\`127.0.0.\${1 + (n++ % ${DESTINATIONS})}\`), 10);
`,
    ),
  ],
  C: (stage, lines) => {
    const source = stage.write(
      'binder.c',
      `#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
int main(void)
{
	for (int n = 0;; n = (n + 1) % ${DESTINATIONS}) {
		struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		struct sockaddr_in to = from;
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		to.sin_addr.s_addr = htonl(INADDR_LOOPBACK + n);
		to.sin_port = htons(${PORT});
${lines}
		int failed = bind(fd, (void *)&from, sizeof(from)) != 0 || connect(fd, (void *)&to, sizeof(to)) != 0;
		if (write(1, failed ? "x" : ".", 1) != 1)
			return 1;
		close(fd);
		usleep(10000);
	}
}
`,
    );
    execFileSync('gcc', ['-o', `${stage.directory}/binder`, source]);
    return [`${stage.directory}/binder`];
  },
};

const said = ({ stdout }: Running, sign: string) => stdout.split(sign).length - 1;

const scope = fileScope();
let service: Service;
beforeAll(async () => {
  service = await startService(scope);
});

it.concurrent.for(Object.entries(PROGRAMS))(
  'what is printed for %s takes no port from the others',
  async ([_, words], test) => {
    const stage = new Stage(testScope(test), Netns.create(scope, { ...KEPT, [RANGE]: FIRST }));
    await program(stage.scope, stage.netns, 'server.mjs', '0.0.0.0', PORT);
    const findings = (await service.stream(stage.scope)).subscribe('findings', {
      filter: `netns:${stage.netns.inode}`,
    });
    const bad = await stage.start(words(stage, ''));
    await bad.until(() => said(bad, 'x') >= FAILURES, `fail ${FAILURES} times`);
    const found = await findings.until(
      (rows) => rows.find(({ rule }) => rule === 'bind-before-connect'),
      60_000,
    );
    await bad.stop();
    stage.netns.sysctl({ [RANGE]: SECOND });
    const good = await stage.start(words(stage, found.fixForGood[0]?.snippet ?? ''));
    await good.until(() => said(good, '.') >= CONNECTIONS, `connect ${CONNECTIONS} times`);
    expect(said(good, 'x')).toBe(0);
  },
);
