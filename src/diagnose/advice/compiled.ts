/** How programs in a compiled language reuse connections; in two parts, as in scripts.ts. Read by reuse.ts. Data, no logic. */
import { fix, type Snippet } from './place.js';

export const GO_HTTP: Snippet = ({ origin }) =>
  fix(
    'Share one http.Client whose Transport keeps enough idle connections (the default keeps 2 per host), and read every body to its end.',
    'go',
    '// once, beside the functions (imports: io, net/http, time):',
    'var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100, IdleConnTimeout: 90 * time.Second}}',
    '// for each request:',
    `resp, err := client.Get("${origin}/")`,
    'if err == nil {',
    '    io.Copy(io.Discard, resp.Body) // a body that was not read closes the connection',
    '    resp.Body.Close()',
    '}',
  );

export const GO_DATABASE: Snippet = () =>
  fix(
    'Open one *sql.DB when the program starts and let it keep its connections (it keeps 2 idle ones by default).',
    'go',
    '// once, after sql.Open(); not per query:',
    'db.SetMaxOpenConns(20)',
    'db.SetMaxIdleConns(20) // as many as open, or every peak churns',
    'db.SetConnMaxIdleTime(5 * time.Minute)',
  );

export const GO_REDIS: Snippet = ({ at }) =>
  fix(
    'Make one client when the program starts and share it; it holds a pool.',
    'go',
    '// once, beside the functions (import: github.com/redis/go-redis/v9):',
    `var client = redis.NewClient(&redis.Options{Addr: "${at}", PoolSize: 20})`,
  );

export const JAVA_HTTP: Snippet = ({ origin }) =>
  fix(
    'Share one HttpClient; it pools connections by itself. (HttpURLConnection keeps its connection, too: leave out disconnect() and “Connection: close”, and read each body to its end. Apache HttpClient: one PoolingHttpClientConnectionManager, and EntityUtils.consume(entity).)',
    'java',
    '// once, a field of the class (imports: java.net.URI, java.net.http.*):',
    'private static final HttpClient CLIENT = HttpClient.newHttpClient();',
    '// for each request, in place of a client of its own:',
    'HttpResponse<String> response = CLIENT.send(',
    `    HttpRequest.newBuilder(URI.create("${origin}/")).build(), HttpResponse.BodyHandlers.ofString());`,
  );

/** @param scheme as a JDBC URL names it */
const hikari =
  (scheme: string): Snippet =>
  ({ at }) =>
    fix(
      'Take connections from one HikariDataSource and close them back into it; DriverManager.getConnection() does not use it.',
      'java',
      '// once, a field of the class (import: com.zaxxer.hikari.*):',
      'private static final HikariDataSource POOL = new HikariDataSource();',
      `static { POOL.setJdbcUrl("jdbc:${scheme}://${at}/DATABASE"); POOL.setMaximumPoolSize(10); }`,
      '// for each query, in place of DriverManager.getConnection():',
      'try (Connection connection = POOL.getConnection()) { … }',
    );
export const JAVA_POSTGRES = hikari('postgresql');
export const JAVA_MYSQL = hikari('mysql');

export const DOTNET_HTTP: Snippet = () =>
  fix(
    'Share one HttpClient (or IHttpClientFactory); a new one per request in `using` closes its connections each time.',
    'csharp',
    'static readonly HttpClient Client = new(new SocketsHttpHandler {',
    '    PooledConnectionLifetime = TimeSpan.FromMinutes(5),',
    '});   // once, for the life of the process',
  );

export const DOTNET_DATABASE: Snippet = ({ address, port }) =>
  fix(
    'Leave pooling on, with one connection string (each variant has a pool of its own), and dispose every connection.',
    'csharp',
    `"Host=${address};Port=${port};Pooling=true;Maximum Pool Size=50"`,
  );
