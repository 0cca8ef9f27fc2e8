/** How commands reuse connections, and what to say where the runtime is not known. Read by reuse.ts. Data, no logic. */
import { fix, type Snippet } from './place.js';

export const CURL: Snippet = () =>
  fix(
    'One process per request is one connection per request. Give one curl all the URLs: it keeps its connection from one to the next. Leave --interface and --local-port out.',
    'shell',
    '# in place of the loop; urls.txt has one URL per line:',
    `sed 's|.*|url = "&"\\noutput = "/dev/null"|' urls.txt | curl -s -K -`,
  );

export const WGET: Snippet = () =>
  fix(
    'One process per request is one connection per request. Give one wget all the URLs: it keeps its connection from one to the next. Leave --bind-address out.',
    'shell',
    '# in place of the loop; urls.txt has one URL per line:',
    'wget -q -O /dev/null -i urls.txt',
  );

export const PGBENCH: Snippet = ({ address, port }) =>
  fix(
    'Leave out -C: pgbench then opens one connection per client and keeps it. If the real program connects per transaction, give it a pool (PgBouncer).',
    'shell',
    `pgbench -h ${address} -p ${port} -c 10 -T 60 DATABASE      # with the other options as they are, no -C`,
  );

export const REDIS_BENCHMARK: Snippet = ({ address, port }) =>
  fix(
    'Leave out -k 0: with keep-alive (the default) each client keeps one connection.',
    'shell',
    `redis-benchmark -h ${address} -p ${port} -k 1 -c 50 -n 100000`,
  );

export const REDIS_CLI: Snippet = ({ address, port }) =>
  fix(
    'One process per command is one connection per command. Give one redis-cli all the commands: it keeps its connection from one to the next.',
    'shell',
    '# in place of the loop; commands.txt has one command per line (valkey-cli takes them the same way):',
    `redis-cli -h ${address} -p ${port} < commands.txt`,
  );

export const AB: Snippet = ({ origin }) =>
  fix('Ask the load generator for keep-alive.', 'shell', `ab -k -n 10000 -c 50 ${origin}/`);

export const ANY: Snippet = ({ at }) =>
  fix(
    'Open connections once and reuse them: keep-alive for HTTP, a pool for a database, one shared client object per process instead of one per request.',
    'text',
    '# once, when the program starts:',
    `client = connect("${at}")`,
    '# for each request:',
    'client.do(request)',
  );

export const ANY_DATABASE: Snippet = () =>
  fix(
    'Open connections once and reuse them: a pool in the program, or a pooler beside it.',
    'text',
    '# once, when the program starts:',
    'pool = make_pool(size = 10)',
    '# for each query:',
    'with pool.connection() as connection: connection.execute(query)',
  );

export const ANY_POSTGRES: Snippet = ({ address, port }) =>
  fix(
    'Open connections once and reuse them: a pool in the program, or a pooler on this machine, which the program then asks on 127.0.0.1:6432.',
    'ini',
    '; pgbouncer.ini',
    '[databases]',
    `* = host=${address} port=${port}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    'listen_port = 6432',
    'pool_mode = transaction',
    'default_pool_size = 20',
  );
