/** Programs in node, Python and Ruby that open a connection per request, and the shell loops. */
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { program } from '../../../support/misconfigured.js';
import { postgres, redis } from '../../../support/programs.js';
import { ROOT } from '../../../support/service.js';
import { ADDRESS, type FixCase, type Stage } from './apply.js';

const PORT = 8080;
export const server = (stage: Stage) =>
  program(stage.scope, stage.netns, 'counting-server.mjs', ADDRESS, PORT);

const http = { port: PORT, around: server } as const;

/** Who asks PostgreSQL for what, where a program does not say. */
const LOGIN = { PGUSER: 'postgres', PGDATABASE: 'postgres' };

const node: Pick<FixCase, 'program' | 'comm'> = {
  comm: /^(node|MainThread)$/,
  program: (stage, { once, each }) => {
    const source = `${once}
async function request() {
${each}
}
setInterval(() => request().then(() => process.stdout.write('.'), (error) => console.error('error', error.message)), 14);
`;
    return stage.start([process.execPath, stage.write('app.mjs', source)], LOGIN);
  },
};

const python: Pick<FixCase, 'program' | 'comm'> = {
  comm: /^python3/,
  program: (stage, { once, each }) =>
    stage.start(
      [
        '/usr/bin/python3',
        stage.write(
          'app.py',
          `import time
${once}
def request():
${indented(each)}
while True:
    request()
    print('.', end='', flush=True)
    time.sleep(0.014)
`,
        ),
      ],
      LOGIN,
    ),
};

const indented = (text: string) => text.replace(/^/gm, '    ');

const loop = (name: RegExp): Pick<FixCase, 'program' | 'comm'> => ({
  comm: name,
  program: (stage, { each }) => {
    stage.write('urls.txt', `http://${ADDRESS}:${PORT}/\n`.repeat(200));
    return stage.start(['sh', stage.write('loop.sh', `while :; do\n${each}\ndone\n`)]);
  },
});

/** What the e2e tier plays: these need no package of their own. */
export const PLAIN: Readonly<Record<string, FixCase>> = {
  'node with http': {
    ...{ ...http, ...node, fix: /^With http or https/ },
    bad: {
      once: "import http from 'node:http';",
      each: `const agent = new http.Agent({ keepAlive: true });
http.get({ host: '${ADDRESS}', port: ${PORT}, agent }, (r) => r.resume().on('end', () => setImmediate(() => agent.destroy())));`,
    },
  },
  'node with fetch()': {
    ...{ ...http, ...node, fix: /^With fetch/ },
    bad: {
      once: '',
      each: `await (await fetch('http://${ADDRESS}:${PORT}/', { headers: { connection: 'close' } })).text();`,
    },
  },
  'a loop of curl': {
    ...{ ...http, ...loop(/^curl$/), fix: /^One process per request/ },
    bad: { once: '', each: 'while read -r url; do curl -s -o /dev/null "$url"; done < urls.txt' },
  },
  'a loop of wget': {
    ...{ ...http, ...loop(/^wget$/), fix: /^One process per request/ },
    bad: { once: '', each: 'while read -r url; do wget -q -O /dev/null "$url"; done < urls.txt' },
  },
  'a loop of wget that binds': {
    ...{ ...http, ...loop(/^wget$/), rule: 'bind-before-connect', fix: /Leave --bind-address out/ },
    never: /setsockopt/,
    bad: {
      once: '',
      each: `while read -r url; do wget --bind-address=${ADDRESS} -q -O /dev/null "$url"; done < urls.txt`,
    },
  },
};

/** Node finds packages above the program. */
async function withPackages(stage: Stage): Promise<null> {
  symlinkSync(`${ROOT}node_modules`, join(stage.directory, 'node_modules'));
  await postgres(stage.scope, stage.netns);
  return null;
}

/** What needs packages. */
export const WITH_LIBRARIES: Readonly<Record<string, FixCase>> = {
  'node with pg': {
    ...{ ...node, port: 5432, around: withPackages, fix: /^Make one pool/ },
    bad: {
      once: "import pg from 'pg';",
      each: `const client = new pg.Client({ host: '${ADDRESS}', port: 5432 });
await client.connect();
await client.query('SELECT 1');
await client.end();`,
    },
  },
  'python with requests': {
    ...{ ...http, ...python, fix: /^With requests/ },
    bad: { once: 'import requests', each: `requests.get('http://${ADDRESS}:${PORT}/')` },
  },
  'python with urllib3': {
    ...{ ...http, ...python, fix: /^With urllib3/ },
    bad: {
      once: 'import urllib.request',
      each: `urllib.request.urlopen('http://${ADDRESS}:${PORT}/').read()`,
    },
  },
  'python with psycopg': {
    ...{ ...python, port: 5432, fix: /^Make one pool/ },
    around: (stage) => postgres(stage.scope, stage.netns).then(() => null),
    bad: {
      once: 'import psycopg',
      each: `with psycopg.connect('host=${ADDRESS}') as connection:\n    connection.execute('SELECT 1')`,
    },
  },
  'python with redis': {
    ...{ ...python, port: 6379, fix: /^Share one client/ },
    around: (stage) => redis(stage.scope, stage.netns).then(() => null),
    bad: {
      once: 'import redis',
      each: `client = redis.Redis(host='${ADDRESS}')\nclient.ping()\nclient.close()`,
    },
  },
  ruby: {
    ...{ ...http, comm: /^ruby/, fix: /^Keep connections open/ },
    bad: { once: "require 'net/http'", each: `Net::HTTP.get(URI('http://${ADDRESS}:${PORT}/'))` },
    program: (stage, { once, each }) =>
      stage.start(['ruby', stage.write('app.rb', `${once}\nloop do\n${each}\nsleep 0.014\nend\n`)]),
  },
};
