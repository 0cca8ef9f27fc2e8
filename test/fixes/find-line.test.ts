/** What a finding says to run finds the line: file and number are those of the call that connects, on the real runtimes. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { ADDRESS, type FixCase, finding, Stage } from '../e2e/stories/fixes/apply.js';
import { COMPILED } from '../e2e/stories/fixes/compiled.js';
import { PLAIN, server, WITH_LIBRARIES } from '../e2e/stories/fixes/scripts.js';
import { KEPT, Netns } from '../support/netns.js';
import { must, type Running } from '../support/process.js';
import { fileScope, testScope } from '../support/scope.js';
import { type Service, startService } from '../support/service.js';

interface Sought {
  file: string;
  /** In the line that connects, and no other. */
  call: string;
  /** What is printed about it. */
  says(line: number): RegExp;
}

const counted = (file: string) => (line: number) =>
  new RegExp(`^\\d+ connects to port \\d+ .*${file}:${line}\\b`, 'm');
const hooked = (file: string, call: string): Sought => ({ file, call, says: counted(file) });

/** A hook is loaded into a program that is started once more. */
const HOOKED: Record<string, Sought> = {
  'node with http': hooked('app.mjs', 'http.get('),
  'node with fetch()': hooked('app.mjs', 'await fetch('),
  'python with urllib3': hooked('app.py', 'urlopen('),
  'python with psycopg': hooked('app.py', 'psycopg.connect('),
  ruby: hooked('app.rb', 'Net::HTTP.get('),
};
/** The running program is asked. */
const ASKED: Record<string, Sought> = {
  C: {
    file: 'churner.c',
    call: 'connect(',
    says: (line) => new RegExp(`in request \\(.*\\) at .*churner\\.c:${line}$`, 'm'),
  },
  go: {
    file: 'main.go',
    call: 'client.Get(',
    says: (line) => new RegExp(`main\\.request.*main\\.go:${line}$`, 'm'),
  },
  java: {
    file: 'Churner.java',
    call: 'request.getInputStream()',
    says: (line) => new RegExp(`^\\d+ +Churner\\.request\\(\\) +line: ${line}$`, 'm'),
  },
};
/** Programs that open a connection, and end it, again and again; what would mend them is not asked here. */
const OTHERS: Readonly<Record<string, FixCase>> = {
  C: {
    ...{ port: 8080, around: server, comm: /^churner$/, fix: /^/ },
    bad: { once: '', each: '' },
    program: (stage) => {
      const source = stage.write(
        'churner.c',
        `#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>
static void request(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(8080) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	inet_pton(AF_INET, "${ADDRESS}", &to.sin_addr);
	connect(fd, (void *)&to, sizeof(to));
	close(fd);
	usleep(14000);
}
int main(void) { for (;;) request(); }
`,
      );
      execFileSync('gcc', ['-g', '-o', `${stage.directory}/churner`, source]);
      return stage.start([`${stage.directory}/churner`]);
    },
  },
  php: {
    ...{ port: 8080, around: server, comm: /^php/, fix: /^/ },
    bad: { once: '', each: '' },
    program: (stage) => stage.start(['php', stage.write('app.php', PHP)]),
  },
};
const PHP = `<?php
function request() {
    $socket = stream_socket_client('tcp://${ADDRESS}:8080');
    fclose($socket);
    echo '.';
}
for (;;) { request(); usleep(14000); }
`;
const CASES: Readonly<Record<string, FixCase>> = { ...PLAIN, ...WITH_LIBRARIES, ...COMPILED, ...OTHERS };

const scope = fileScope();
let service: Service;
beforeAll(async () => {
  service = await startService(scope);
});

/** The program as it is, running; the number of its line; what the finding says to run. */
async function churning(stage: Stage, name: string, { file, call }: Sought) {
  const one = CASES[name] as FixCase;
  await one.around?.(stage);
  const running = await one.program(stage, one.bad);
  const { findLine } = await finding(service, stage, one);
  const lines = readFileSync(join(stage.directory, file), 'utf8').split('\n');
  const at = lines.findIndex((line) => line.includes(call)) + 1;
  expect(at).toBeGreaterThan(0);
  return { running, at, snippet: findLine[0]?.snippet ?? 'exit 1' };
}

async function hookedRun(stage: Stage, running: Running, snippet: string): Promise<Running> {
  await running.stop();
  return stage.start(['sh', '-c', `${snippet}\nexec ${running.title}`], {
    PGUSER: 'postgres',
    PGDATABASE: 'postgres',
  });
}

it.concurrent.for(Object.entries(HOOKED))('the hook for %s prints the line', async ([name, sought], test) => {
  const stage = new Stage(testScope(test), Netns.create(scope, KEPT));
  const { running, at, snippet } = await churning(stage, name, sought);
  const again = await hookedRun(stage, running, snippet);
  await again.printed(sought.says(at));
  await again.stop();
});

it.concurrent.for(Object.entries(ASKED))(
  'the command for %s prints the line',
  async ([name, sought], test) => {
    const stage = new Stage(testScope(test), Netns.create(scope, KEPT));
    const { running, at, snippet } = await churning(stage, name, sought);
    const { stdout } = await must(['sh', '-c', snippet], { netns: stage.netns, withinMs: 60_000 });
    expect(stdout).toMatch(sought.says(at));
    await running.stop();
  },
);

it.concurrent('what xdebug wrote down for php has the line', async (test) => {
  const stage = new Stage(testScope(test), Netns.create(scope, KEPT));
  const sought = { file: 'app.php', call: 'stream_socket_client(', says: () => /^/ };
  const { running, at, snippet } = await churning(stage, 'php', sought);
  await running.stop();
  const script = `${snippet}\ntimeout 3 ${running.title} > /dev/null\nfind_line`;
  const { stdout } = await must(['sh', '-c', script], { netns: stage.netns, withinMs: 60_000 });
  expect(stdout).toMatch(new RegExp(`^ *\\d+ .*app\\.php:${at} stream_socket_client$`, 'm'));
});
