/**
 * How programs in a scripting language reuse connections. Each snippet has two parts, so that both can be pasted as they are: what runs
 * once, when the program starts, and what runs each time. Read by reuse.ts. Data, no logic.
 */
import { fix, type Place, type Snippet } from './place.js';

export const NODE_HTTP: Snippet = ({ scheme, address, port }) =>
  fix(
    'With http or https: make one keep-alive agent when the program starts, use it for every request, and never destroy it after one. Read every response to its end, or its connection cannot be used again.',
    'javascript',
    '// once, when the program starts:',
    `import ${scheme} from 'node:${scheme}';`,
    `const agent = new ${scheme}.Agent({ keepAlive: true, maxSockets: 50 });`,
    '// for each request, the agent and a reader of the response:',
    `${scheme}.get({ host: '${address}', port: ${port}, path: '/', agent }, (response) => response.resume());`,
  );

export const NODE_FETCH: Snippet = ({ origin }) =>
  fix(
    'With fetch(): it keeps connections by itself. Send no "connection: close", make no Agent or Client per request, and read every body to its end.',
    'javascript',
    '// for each request, without a "connection" header:',
    `const response = await fetch('${origin}/');`,
    'await response.text();',
  );

export const NODE_PG: Snippet = ({ address, port }) =>
  fix(
    'Make one pool when the program starts and send every query through it.',
    'javascript',
    '// once, when the program starts; user, password and database as the Client has them:',
    "import pg from 'pg';",
    `const pool = new pg.Pool({ host: '${address}', port: ${port}, max: 10 });`,
    '// for each query, in place of new Client(), connect(), query() and end():',
    "const { rows } = await pool.query('SELECT 1');",
  );

export const NODE_MYSQL: Snippet = ({ address, port }) =>
  fix(
    'Make one pool when the program starts and send every query through it.',
    'javascript',
    '// once, when the program starts; user, password and database as createConnection() has them:',
    "import mysql from 'mysql2/promise';",
    `const pool = mysql.createPool({ host: '${address}', port: ${port}, connectionLimit: 10 });`,
    '// for each query, in place of createConnection(), query() and end():',
    "const [rows] = await pool.query('SELECT 1');",
  );

export const NODE_REDIS: Snippet = ({ at }) =>
  fix(
    'Connect one client when the program starts and share it; it sends commands of several callers at once.',
    'javascript',
    '// once, when the program starts:',
    "import { createClient } from 'redis';",
    `const redis = await createClient({ url: 'redis://${at}' }).connect();`,
    '// for each command, in place of createClient(), connect() and quit():',
    'await redis.ping();',
  );

export const PYTHON_REQUESTS: Snippet = ({ origin }) =>
  fix(
    'With requests: share one session; requests.get() opens a connection each time. (httpx: one httpx.Client(); aiohttp: one ClientSession().)',
    'python',
    '# once, when the program starts:',
    'import requests',
    'session = requests.Session()',
    '# for each request, in place of requests.get():',
    `response = session.get('${origin}/')`,
  );

export const PYTHON_URLLIB3: Snippet = ({ origin }) =>
  fix(
    'With urllib3, or in place of urllib.request and http.client: share one pool.',
    'python',
    '# once, when the program starts:',
    'import urllib3',
    'http = urllib3.PoolManager(maxsize=10)',
    '# for each request, in place of urlopen():',
    `response = http.request('GET', '${origin}/')`,
  );

export const PYTHON_PSYCOPG: Snippet = ({ address, port }) =>
  fix(
    'Make one pool when the program starts; take connections from it and give them back. (psycopg2: psycopg2.pool.ThreadedConnectionPool, getconn() and putconn(). SQLAlchemy: one create_engine(), no NullPool; Django: CONN_MAX_AGE = 60.)',
    'python',
    '# once, when the program starts; dbname, user and password as connect() has them:',
    'from psycopg_pool import ConnectionPool',
    `pool = ConnectionPool('host=${address} port=${port}', min_size=1, max_size=10)`,
    '# for each query, in place of psycopg.connect():',
    'with pool.connection() as connection:',
    "    connection.execute('SELECT 1')",
  );

export const PYTHON_SQLALCHEMY: Snippet = ({ at }) =>
  fix(
    'Make one engine when the program starts; it holds a pool. No engine per request, no NullPool. (Django: CONN_MAX_AGE = 60.)',
    'python',
    '# once, when the program starts:',
    'from sqlalchemy import create_engine, text',
    `engine = create_engine('mysql+pymysql://USER:PASSWORD@${at}/DATABASE', pool_size=10)`,
    '# for each query, in place of connect():',
    'with engine.connect() as connection:',
    "    connection.execute(text('SELECT 1'))",
  );

export const PYTHON_REDIS: Snippet = ({ address, port }) =>
  fix(
    'Share one client; it holds a pool.',
    'python',
    '# once, when the program starts:',
    'import redis',
    `client = redis.Redis(host='${address}', port=${port})`,
    '# for each command, in place of a client of its own:',
    'client.ping()',
  );

export const RUBY_HTTP: Snippet = ({ origin }) =>
  fix(
    'Keep connections open instead of Net::HTTP.get or Net::HTTP.start per call (gem net-http-persistent).',
    'ruby',
    '# once, when the program starts:',
    "require 'net/http/persistent'",
    "HTTP = Net::HTTP::Persistent.new(name: 'kept')",
    '# for each request, in place of Net::HTTP.get():',
    `response = HTTP.request(URI('${origin}/'))`,
  );

export const RUBY_DATABASE: Snippet = () =>
  fix(
    'Size the ActiveRecord pool for the threads, and do not establish_connection per request.',
    'yaml',
    '# config/database.yml',
    'production:',
    '  pool: <%= ENV.fetch("RAILS_MAX_THREADS", 5) %>',
  );

export const RUBY_REDIS: Snippet = ({ at }) =>
  fix(
    'Connect one client when the program starts and share it.',
    'ruby',
    '# once, when the program starts:',
    "require 'redis'",
    `REDIS = Redis.new(url: 'redis://${at}')`,
    '# for each command, in place of Redis.new:',
    'REDIS.ping',
  );

/** php-fpm forgets everything at the end of a request, but what is made persistent. */
export const PHP_HTTP: Snippet = ({ origin }: Place) =>
  fix(
    'php-fpm forgets connections at the end of each request: use one curl handle for all calls within it, and put a proxy that keeps connections on this machine for the rest.',
    'php',
    '// once, at the start of the request:',
    '$ch = curl_init();',
    'curl_setopt($ch, CURLOPT_RETURNTRANSFER, true);',
    '// for each call, the same handle again:',
    `curl_setopt($ch, CURLOPT_URL, '${origin}/');`,
    '$body = curl_exec($ch);',
  );

export const PHP_MYSQLI: Snippet = ({ address, port }) =>
  fix(
    'With mysqli: "p:" before the host keeps the connection of a php-fpm process from request to request. MySQL must allow as many connections as php-fpm has processes (pm.max_children).',
    'php',
    `$db = new mysqli('p:${address}', $user, $password, $database, ${port});`,
  );

export const PHP_PDO_MYSQL: Snippet = ({ address, port }) =>
  fix(
    'With PDO: a persistent connection. A transaction that a request left open would be the next one’s: end each.',
    'php',
    `$db = new PDO("mysql:host=${address};port=${port};dbname=$database", $user, $password, [PDO::ATTR_PERSISTENT => true]);`,
  );

export const PHP_PDO_POSTGRES: Snippet = ({ address, port }) =>
  fix(
    'With PDO: a persistent connection (pg_connect(): pg_pconnect()), or PgBouncer on this machine. A transaction that a request left open would be the next one’s: end each.',
    'php',
    `$db = new PDO("pgsql:host=${address};port=${port};dbname=$database", $user, $password, [PDO::ATTR_PERSISTENT => true]);`,
  );

export const PHP_REDIS: Snippet = ({ address, port }) =>
  fix(
    'With phpredis: pconnect() in place of connect() keeps the connection of a php-fpm process. Leave close() out.',
    'php',
    '$redis = new Redis();',
    `$redis->pconnect('${address}', ${port});`,
  );

export const PHP_MEMCACHED: Snippet = ({ address, port }) =>
  fix(
    'With memcached: a name makes the object persistent. Servers are added only to a new one, else each request adds them again.',
    'php',
    "$cache = new Memcached('kept');",
    `if ($cache->getServerList() === []) $cache->addServer('${address}', ${port});`,
  );
