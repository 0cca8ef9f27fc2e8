/** Pages of php-fpm that connect anew for each request. nginx hands requests over through a unix socket, which needs no port. */
import { execFileSync } from 'node:child_process';
import { chownSync } from 'node:fs';
import { join } from 'node:path';
import { must, start } from '../../../support/process.js';
import { redis } from '../../../support/programs.js';
import { ADDRESS, type FixCase, found, type Stage } from './apply.js';
import { fastCgi, nginx, phpFpm, visitors } from './proxies.js';

const LOGIN = '$user = "nobody"; $password = ""; $database = "test";';
const ask = (how: string) => `if ($db->query('SELECT 1') === false) throw new Exception('${how}');`;

/** A page whose first lines connect, and the rest works with that. */
const page = (comm: RegExp, rest: string): Pick<FixCase, 'program' | 'comm'> => ({
  comm,
  program: (stage, { each }) => phpFpm(stage, `${stage.directory}/fpm.sock`, `${LOGIN}\n${each}\n${rest}`),
});

async function site(stage: Stage) {
  await nginx(stage, { once: '', each: fastCgi(stage, `unix:${stage.directory}/fpm.sock`) });
  return visitors(stage);
}

async function mariadb(stage: Stage) {
  const data = join(stage.directory, 'data');
  execFileSync('mkdir', ['-m', '755', data]);
  const [user, group] = ['-u', '-g'].map((flag) =>
    Number(execFileSync('id', [flag, 'mysql'], { encoding: 'utf8' })),
  );
  chownSync(data, user as number, group as number);
  execFileSync('chmod', ['755', stage.directory]);
  const sql = stage.write(
    'init.sql',
    `CREATE DATABASE IF NOT EXISTS test;
CREATE USER nobody@'%' IDENTIFIED BY '';
GRANT ALL ON *.* TO nobody@'%';\n`,
  );
  const install = [
    '--no-defaults',
    `--datadir=${data}`,
    '--user=mysql',
    '--auth-root-authentication-method=normal',
  ];
  await must(['mariadb-install-db', ...install, '--skip-test-db']);
  const words = [
    found('mariadbd', '/usr/sbin/mariadbd'),
    ...['--no-defaults', '--user=mysql', `--datadir=${data}`, `--init-file=${sql}`, '--skip-name-resolve'],
    ...[`--bind-address=${ADDRESS}`, '--port=3306', `--socket=${data}/sock`, `--pid-file=${data}/pid`],
    '--innodb-buffer-pool-size=8M',
  ];
  const running = await start(stage.scope, words, { netns: stage.netns });
  await running.printed(/ready for connections/);
  return site(stage);
}

async function memcached(stage: Stage) {
  const words = ['memcached', '-l', ADDRESS, '-p', '11211', '-u', 'nobody', '-vv'];
  const running = await start(stage.scope, words, { netns: stage.netns });
  await running.printed(/server listening/);
  return site(stage);
}

export const PHP: Readonly<Record<string, FixCase>> = {
  'PHP with mysqli': {
    ...{ port: 3306, around: mariadb, fix: /^With mysqli/, ...page(/^php-fpm/, ask('mysqli')) },
    bad: { once: '', each: `$db = new mysqli('${ADDRESS}', $user, $password, $database, 3306);` },
  },
  'PHP with PDO': {
    ...{ port: 3306, around: mariadb, fix: /^With PDO/, ...page(/^php-fpm/, ask('PDO')) },
    bad: {
      once: '',
      each: `$db = new PDO("mysql:host=${ADDRESS};port=3306;dbname=$database", $user, $password);`,
    },
  },
  'PHP with phpredis': {
    ...{ port: 6379, fix: /^With phpredis/, never: /Memcached/, ...page(/^php-fpm/, '$redis->ping();') },
    around: async (stage) => {
      await redis(stage.scope, stage.netns);
      return site(stage);
    },
    bad: { once: '', each: `$redis = new Redis();\n$redis->connect('${ADDRESS}', 6379);` },
  },
  'PHP with memcached': {
    ...{ port: 11211, around: memcached, fix: /^With memcached/, never: /Redis/ },
    ...page(/^php-fpm/, "if (!$cache->set('key', 1)) throw new Exception('memcached');"),
    bad: { once: '', each: `$cache = new Memcached();\n$cache->addServer('${ADDRESS}', 11211);` },
  },
};
