/**
 * How to reuse connections, per runtime and protocol: data, no logic. `http` is also the answer for what has no entry of its
 * own. Read by fixes.ts and by docs/findings.
 */
import type { Fix } from '../protocol/rows.js';
import type { Protocol, Runtime } from './runtime.js';

type Snippets = { readonly http: Fix } & { readonly [P in Protocol]?: Fix };

const fix = (text: string, language: string, ...lines: string[]): Fix => ({
  text,
  snippet: lines.join('\n'),
  language,
});

export const SNIPPETS: Readonly<Record<Runtime, Snippets>> = {
  node: {
    http: fix(
      'Make one keep-alive agent when the program starts and use it for every request; never destroy it after one. Read every response to its end, or its connection cannot be reused.',
      'javascript',
      "import http from 'node:http';",
      'const agent = new http.Agent({ keepAlive: true, maxSockets: 50 }); // once, at start-up',
      'http.get({ host, path, agent }, (response) => response.resume());  // every time',
      '// fetch(): undici keeps connections by itself; do not make a Client or Agent per request',
    ),
    database: fix(
      'Make one pool when the program starts; take connections from it and give them back.',
      'javascript',
      "import pg from 'pg';",
      'export const pool = new pg.Pool({ max: 10 }); // once, at start-up; not a new Client per query',
      "const { rows } = await pool.query('SELECT …', []);",
    ),
    redis: fix(
      'Connect one client when the program starts and share it; it pipelines by itself.',
      'javascript',
      "import { createClient } from 'redis';",
      'export const redis = await createClient({ url }).connect(); // once; not per request',
    ),
  },
  python: {
    http: fix(
      'Share one session or client: requests.get() and urllib.request.urlopen() open a connection each time.',
      'python',
      'import requests',
      'session = requests.Session()          # once, at start-up (or httpx.Client(), aiohttp.ClientSession())',
      'response = session.get(url)           # every time, instead of requests.get(url)',
    ),
    database: fix(
      'Make one pool when the program starts; take connections from it and give them back.',
      'python',
      'from psycopg_pool import ConnectionPool',
      'pool = ConnectionPool(dsn, min_size=4, max_size=10)   # once; SQLAlchemy: one create_engine(), no NullPool',
      'with pool.connection() as connection:',
      '    connection.execute("SELECT …")',
      '# Django: CONN_MAX_AGE = 60',
    ),
    redis: fix(
      'Share one client; it holds a pool.',
      'python',
      'import redis',
      'client = redis.Redis(host=host)       # once, at start-up; not one per call',
    ),
  },
  go: {
    http: fix(
      'Share one http.Client with a Transport that keeps enough idle connections (the default keeps 2 per host), and read every body to its end.',
      'go',
      'var client = &http.Client{Transport: &http.Transport{MaxIdleConns: 100, MaxIdleConnsPerHost: 100, IdleConnTimeout: 90 * time.Second}}',
      'resp, err := client.Get(url)',
      'defer resp.Body.Close()',
      'io.Copy(io.Discard, resp.Body) // unread bodies close the connection',
    ),
    database: fix(
      'Open one *sql.DB when the program starts and let it keep its connections (it keeps 2 idle by default).',
      'go',
      'db, err := sql.Open("pgx", dsn) // once, at start-up',
      'db.SetMaxOpenConns(20)',
      'db.SetMaxIdleConns(20)          // as many as open, or every peak churns',
      'db.SetConnMaxIdleTime(5 * time.Minute)',
    ),
  },
  java: {
    http: fix(
      'Share one HttpClient; it pools connections by itself.',
      'java',
      'private static final HttpClient CLIENT = HttpClient.newHttpClient(); // once; not per request',
      '// Apache HttpClient: one PoolingHttpClientConnectionManager, and EntityUtils.consume(entity)',
    ),
    database: fix(
      'Take connections from one HikariDataSource and close them back into it; DriverManager.getConnection() bypasses it.',
      'java',
      'HikariConfig config = new HikariConfig();',
      'config.setJdbcUrl(url);',
      'config.setMaximumPoolSize(10);',
      'static final HikariDataSource POOL = new HikariDataSource(config);   // once',
      'try (Connection connection = POOL.getConnection()) { … }',
    ),
  },
  php: {
    http: fix(
      'php-fpm forgets connections at the end of each request: reuse one curl handle within it, and put a keep-alive proxy on this machine for the rest.',
      'php',
      '$ch = curl_init();                 // once per worker or request; not per call',
      'curl_setopt($ch, CURLOPT_URL, $url);',
      'curl_exec($ch);                    // the same handle again: the same connection',
    ),
    database: fix(
      'Use persistent connections, or a pooler (PgBouncer, ProxySQL) on this machine.',
      'php',
      '$pdo = new PDO($dsn, $user, $password, [PDO::ATTR_PERSISTENT => true]);',
    ),
    redis: fix('Use persistent connections.', 'php', '$redis->pconnect($host, 6379);'),
  },
  ruby: {
    http: fix(
      'Keep one connection open instead of Net::HTTP.get per call.',
      'ruby',
      "require 'net/http/persistent'",
      "HTTP = Net::HTTP::Persistent.new(name: 'api')   # once, at start-up",
      'response = HTTP.request(uri)',
    ),
    database: fix(
      'Size the ActiveRecord pool for the threads, and do not establish_connection per request.',
      'yaml',
      'production:',
      '  pool: <%= ENV.fetch("RAILS_MAX_THREADS", 5) %>',
    ),
  },
  dotnet: {
    http: fix(
      'Share one HttpClient (or IHttpClientFactory); a new one per request in `using` closes its connections each time.',
      'csharp',
      'static readonly HttpClient Client = new(new SocketsHttpHandler {',
      '    PooledConnectionLifetime = TimeSpan.FromMinutes(5),',
      '});   // once, for the life of the process',
    ),
    database: fix(
      'Leave pooling on, with one connection string (each variant has a pool of its own), and dispose every connection.',
      'csharp',
      '"Host=…;Pooling=true;Maximum Pool Size=50"',
    ),
  },
  nginx: {
    http: fix(
      'Keep connections to the upstream: without these three lines nginx opens one per request.',
      'nginx',
      'upstream backend {',
      '    server 10.0.0.9:8080;',
      '    keepalive 64;                      # idle connections per worker',
      '}',
      'location / {',
      '    proxy_pass http://backend;',
      '    proxy_http_version 1.1;',
      '    proxy_set_header Connection "";',
      '}',
    ),
  },
  haproxy: {
    http: fix(
      'Keep and share server connections.',
      'haproxy',
      'defaults',
      '    mode http',
      '    option http-keep-alive            # not httpclose, not http-server-close',
      'backend app',
      '    http-reuse safe',
      '    server s1 10.0.0.9:8080 pool-max-conn 100',
    ),
  },
  envoy: {
    http: fix(
      'Let the cluster keep its connections: no max_requests_per_connection of 1, and an idle timeout below that of the upstream.',
      'yaml',
      'typed_extension_protocol_options:',
      '  envoy.extensions.upstreams.http.v3.HttpProtocolOptions:',
      '    common_http_protocol_options: { idle_timeout: 60s }   # and no max_requests_per_connection: 1',
      '    explicit_http_config: { http2_protocol_options: {} }  # one connection carries many requests',
    ),
  },
  curl: {
    http: fix(
      'One process per request is one connection per request. Give one curl all the URLs: it keeps the connection between them.',
      'shell',
      "curl -s -o /dev/null 'http://10.0.0.9/item/[1-1000]'   # one process, one connection",
      'xargs curl -s -o /dev/null < urls.txt                  # many URLs per process; not one curl per line',
    ),
  },
  pgbench: {
    http: fix(
      'Leave out -C: pgbench then opens one connection per client and keeps it. If the real program connects per transaction, give it a pool (PgBouncer).',
      'shell',
      'pgbench -c 10 -T 60 mydb      # no -C',
    ),
  },
  'redis-benchmark': {
    http: fix(
      'Leave out -k 0: with keep-alive (the default) each client keeps one connection.',
      'shell',
      'redis-benchmark -k 1 -c 50 -n 100000',
    ),
  },
  ab: {
    http: fix('Ask the load generator for keep-alive.', 'shell', 'ab -k -n 10000 -c 50 http://10.0.0.9/'),
  },
  unknown: {
    http: fix(
      'Open connections once and reuse them: keep-alive for HTTP, a pool for a database, one shared client object per process instead of one per request.',
      'text',
      'client = connect()          # once, at start-up',
      'for each request: client.do(request)',
    ),
    database: fix(
      'Open connections once and reuse them: a pool in the program, or a pooler beside it.',
      'ini',
      '; pgbouncer.ini, on this machine',
      '[databases]',
      'mydb = host=10.0.0.9 port=5432',
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      'pool_mode = transaction',
      'default_pool_size = 20',
    ),
  },
};

/** bind() before connect() without taking a port for every destination. */
export const LATE_BINDS: Readonly<Partial<Record<Runtime, Fix>>> & { readonly unknown: Fix } = {
  node: fix(
    'Leave localAddress (and localPort) out: node cannot ask for a late bind. Choose the source address by a route instead.',
    'shell',
    'ip route replace 10.0.0.9/32 via 10.0.0.1 src 10.0.0.5',
  ),
  python: fix(
    'Set IP_BIND_ADDRESS_NO_PORT before bind(), and bind to port 0: connect() then chooses the port, per destination.',
    'python',
    'import socket',
    'IP_BIND_ADDRESS_NO_PORT = 24                      # Linux; a constant of the socket module since 3.12',
    's.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)',
    "s.bind(('10.0.0.5', 0)); s.connect(destination)   # or leave bind() out altogether",
  ),
  go: fix(
    'Set IP_BIND_ADDRESS_NO_PORT in the dialer, which binds to LocalAddr; or leave LocalAddr out.',
    'go',
    'dialer := net.Dialer{LocalAddr: source, Control: func(_, _ string, c syscall.RawConn) error {',
    '    return c.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1) })',
    '}}',
  ),
  unknown: fix(
    'Set IP_BIND_ADDRESS_NO_PORT before bind(), and bind to port 0: connect() then chooses the port, per destination. Without a need for a source address, leave bind() out.',
    'c',
    'int one = 1;',
    'setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));',
    'bind(fd, &source_with_port_0, sizeof(source_with_port_0));',
    'connect(fd, &destination, sizeof(destination));',
  ),
};

/** Closing what the peer has closed. */
export const CLOSES: Readonly<Partial<Record<Runtime, Fix>>> & { readonly unknown: Fix } = {
  node: fix(
    "Close when the peer does: handle 'end', and destroy what stays idle.",
    'javascript',
    "socket.on('end', () => socket.end());        // needed with allowHalfOpen: true, or on a paused socket",
    'socket.setTimeout(60_000, () => socket.destroy());',
  ),
  python: fix(
    'Close what was opened on every path: recv() that returns b"" means that the peer is done.',
    'python',
    'with contextlib.closing(connection):   # or: with socket.create_connection(…) as connection',
    '    while data := connection.recv(65536):',
    '        handle(data)',
  ),
  go: fix(
    'Close every body and connection, also on the error path.',
    'go',
    'resp, err := client.Get(url)',
    'if err != nil { return err }',
    'defer resp.Body.Close()',
  ),
  java: fix(
    'Close every socket, response and connection in try-with-resources.',
    'java',
    'try (Socket socket = server.accept(); InputStream in = socket.getInputStream()) { … }',
  ),
  unknown: fix(
    'close() when read() returns 0, on every path; and give idle connections a timeout.',
    'c',
    'ssize_t n = read(fd, buffer, sizeof(buffer));',
    'if (n == 0) close(fd);   /* the peer is done */',
  ),
};
