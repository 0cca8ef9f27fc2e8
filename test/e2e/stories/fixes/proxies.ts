/** Proxies that open a connection per request, before real servers; visitors say what the site answers. */
import { execFileSync } from 'node:child_process';
import { program } from '../../../support/misconfigured.js';
import type { Running } from '../../../support/process.js';
import { ADDRESS, type FixCase, found, type Parts, type Stage } from './apply.js';
import { server } from './scripts.js';

export const SITE = 8088;
const FASTCGI = 9000;
export const visitors = (stage: Stage) => program(stage.scope, stage.netns, 'visitors.mjs', ADDRESS, SITE);

const nginxConfig = (
  { directory }: Stage,
  { once, each }: Parts,
) => `daemon off; user root; worker_processes 2;
pid ${directory}/nginx.pid; error_log stderr notice;
events { worker_connections 1024; }
http {
  access_log off;
  ${once}
  server {
    listen ${ADDRESS}:${SITE};
    location / {
      ${each}
    }
  }
}
`;

export async function nginx(stage: Stage, parts: Parts): Promise<Running> {
  const file = stage.write('nginx.conf', nginxConfig(stage, parts));
  const running = await stage.start(['nginx', '-e', 'stderr', '-p', stage.directory, '-c', file]);
  await running.printed(/start worker process \d+\n[\s\S]*start worker process \d+\n/);
  return running;
}

/** As the text says: nginx -t && nginx -s reload. */
async function reload(stage: Stage, parts: Parts, running: Running): Promise<Running> {
  const file = stage.write('nginx.conf', nginxConfig(stage, parts));
  execFileSync('nginx', ['-t', '-q', '-e', 'stderr', '-p', stage.directory, '-c', file]);
  const from = running.stderr.length;
  running.signal('SIGHUP');
  await running.until(() => /exited with code 0/.test(running.stderr.slice(from)), 'end its old workers');
  return running;
}

const proxied: Pick<FixCase, 'program' | 'reload' | 'comm'> = { comm: /^nginx$/, program: nginx, reload };

export const NGINX: Readonly<Record<string, FixCase>> = {
  'nginx with proxy_pass': {
    ...{ ...proxied, port: 8080, fix: /^Where nginx has proxy_pass/, never: /fastcgi/ },
    around: async (stage) => {
      await server(stage);
      return visitors(stage);
    },
    bad: { once: '', each: `proxy_pass http://${ADDRESS}:8080;` },
  },
};

const PHP_FPM = found('php-fpm8.2', 'php-fpm8.4', 'php-fpm83', 'php-fpm');

export async function phpFpm(stage: Stage, listen: string, page: string): Promise<Running> {
  stage.write('index.php', `<?php\n${page}\necho "ok";\n`);
  const file = stage.write(
    'fpm.conf',
    `[global]
error_log = ${stage.directory}/fpm.log
daemonize = no
[www]
listen = ${listen}
listen.mode = 0666
pm = static
pm.max_children = 6
user = nobody
group = nogroup
catch_workers_output = yes
`,
  );
  execFileSync('chmod', ['755', stage.directory]);
  const running = await stage.start([PHP_FPM, '-F', '-R', '-O', '-y', file]);
  await running.printed(/ready to handle connections/);
  return running;
}

/** Where a location finds the page. */
export const fastCgi = ({ directory }: Stage, pass: string) => `fastcgi_pass ${pass};
fastcgi_param SCRIPT_FILENAME ${directory}/index.php;
fastcgi_param REQUEST_METHOD $request_method;`;

const withParameters = (stage: Stage, { once, each }: Parts): Parts => ({
  once,
  each: `${each}\n${fastCgi(stage, '').replace(/^.*\n/, '')}`,
});

export const PROXIES: Readonly<Record<string, FixCase>> = {
  'nginx with fastcgi_pass': {
    ...{ port: FASTCGI, comm: /^nginx$/, fix: /^Where nginx has fastcgi_pass/, never: /proxy_pass/ },
    around: async (stage) => {
      await phpFpm(stage, `${ADDRESS}:${FASTCGI}`, '');
      return visitors(stage);
    },
    program: (stage, parts) => nginx(stage, withParameters(stage, parts)),
    reload: (stage, parts, running) => reload(stage, withParameters(stage, parts), running),
    bad: { once: '', each: `fastcgi_pass ${ADDRESS}:${FASTCGI};` },
  },
  HAProxy: {
    ...{ port: 8080, comm: /^haproxy$/, fix: /^Keep and share connections/ },
    around: async (stage) => {
      await server(stage);
      return visitors(stage);
    },
    program: async (stage, { each }) => {
      const file = stage.write(
        'haproxy.cfg',
        `defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    option httpclose
${each}
frontend site
    bind ${ADDRESS}:${SITE}
    default_backend app
backend app
    http-request set-header Host ${ADDRESS}
    server s1 ${ADDRESS}:8080
`,
      );
      execFileSync('haproxy', ['-c', '-q', '-f', file]);
      return stage.start(['haproxy', '-db', '-f', file]);
    },
    bad: { once: '', each: '' },
  },
};
