/**
 * How proxies keep connections to what is behind them. The wrong one of these takes a site down: proxy_pass speaks HTTP, php-fpm does
 * not. Read by reuse.ts. Data, no logic.
 */
import { fix, type Snippet } from './place.js';

/**
 * nginx sends the name of the upstream as Host unless the location sets another. The name is the address here, so that what is behind
 * it sees the host that it saw before: another name may be one that it does not serve.
 */
export const NGINX_PROXY: Snippet = ({ scheme, host, at }) =>
  fix(
    'Where nginx has proxy_pass: keep connections to the upstream; without these lines nginx opens one per request. Then: nginx -t && nginx -s reload',
    'nginx',
    '# beside the server block; an upstream block that is there already only needs its keepalive line:',
    `upstream ${host} {`,
    `    server ${at};`,
    '    keepalive 64;    # idle connections per worker process',
    '}',
    '# in the location, in place of its proxy_pass, which keeps its path; beside its other proxy_set_header lines:',
    `proxy_pass ${scheme}://${host};`,
    'proxy_http_version 1.1;',
    'proxy_set_header Connection "";',
  );

export const NGINX_FASTCGI: Snippet = ({ name, at }) =>
  fix(
    'Where nginx has fastcgi_pass (PHP): keep connections to php-fpm. Each one that is kept holds a php-fpm process: keepalive × worker processes of nginx must stay below pm.max_children. On the same machine a unix socket (listen = /run/php/php-fpm.sock) needs no port at all. Then: nginx -t && nginx -s reload',
    'nginx',
    '# beside the server block:',
    `upstream ${name} {`,
    `    server ${at};`,
    '    keepalive 2;     # per worker process',
    '}',
    '# in the location, in place of its fastcgi_pass:',
    `fastcgi_pass ${name};`,
    'fastcgi_keep_conn on;',
  );

export const HAPROXY: Snippet = () =>
  fix(
    'Keep and share connections to the servers. In frontends and backends remove "option httpclose", "option http-server-close" and "http-reuse never", which win over this. Only for HTTP: sections that pass on something else (databases, Redis) need "mode tcp" in each of them. Then: haproxy -c -f FILE, and reload.',
    'haproxy',
    '# at the end of the section "defaults", or in each frontend and backend of HTTP; those of databases keep "mode tcp":',
    '    mode http',
    '    no option httpclose',
    '    no option http-server-close',
    '    option http-keep-alive',
    '    http-reuse safe',
  );

export const ENVOY: Snippet = () =>
  fix(
    'Let the cluster keep its connections: no max_requests_per_connection of 1, and an idle timeout below that of the upstream.',
    'yaml',
    'typed_extension_protocol_options:',
    '  envoy.extensions.upstreams.http.v3.HttpProtocolOptions:',
    '    "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
    '    common_http_protocol_options: { idle_timeout: 60s }',
    '    explicit_http_config: { http_protocol_options: {} }',
  );
