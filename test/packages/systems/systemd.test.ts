/** The Debian package where systemd starts what is installed: a real nginx, a real ab, and who of them burns the ports. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DEB } from '../../../scripts/package/deb/control.js';
import { PACKAGES } from '../../../scripts/package/places.js';
import { story } from './guest.js';

/** Each answer is one line: its name, then what was found. */
const SCRIPT = `
say() { echo "$1: $2"; }
dpkg --install /opt/package.deb >&2 && say installed yes
say state "$(systemctl is-active portchurn) $(systemctl is-enabled portchurn)"
pid=$(systemctl show --property=MainPID --value portchurn)
say user "$(stat --format=%u /proc/$pid)"
say capabilities "$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/$pid/status)"
(while :; do ab -q -n 500 -c 5 http://127.0.0.1:80/; done) >/dev/null 2>&1 &
named() { portchurn top --once -o json --sort -opened --limit 20 --filter 'process:ab dst:127.0.0.1:80'; }
for try in $(seq 60); do
  row=$(named)
  case $row in *'"comm":"ab"'*) break ;; esac
done
say row "$row"
say kept "$(ls -d /var/lib/private/portchurn)"
kill $!
dpkg --purge portchurn >&2 && say purged yes
say after "$(systemctl is-active portchurn) $(find / -xdev -name '*portchurn*')"
`;

const answersOf = (text: string) =>
  new Map([...text.matchAll(/^(\w+): (.*?)\r?$/gm)].map(([, name = '', found = '']) => [name, found]));

/** Users that systemd makes for a service. */
const DYNAMIC = [61_184, 65_519] as const;
/** CapBnd: CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_PERFMON and CAP_BPF, the unit's. */
const CAPABILITIES = '000000c000280004';

it('installed, the service runs as the unit says and names the client; purged, nothing of it is left', async () => {
  const { result, console } = await story(join(PACKAGES, DEB), SCRIPT);
  const said = answersOf(result);
  expect(said.get('installed'), console.slice(-8000)).toBe('yes');
  expect(said.get('state'), console.slice(-8000)).toBe('active enabled');
  expect(Number(said.get('user'))).toBeGreaterThanOrEqual(DYNAMIC[0]);
  expect(Number(said.get('user'))).toBeLessThanOrEqual(DYNAMIC[1]);
  expect(said.get('capabilities')).toBe(CAPABILITIES);
  const { rows } = JSON.parse(said.get('row') ?? '').topics.flows;
  expect(rows[0]).toMatchObject({ process: { comm: 'ab' }, destination: { address: '127.0.0.1', port: 80 } });
  expect(rows[0].opened).toBeGreaterThan(0);
  expect(said.get('kept')).toBe('/var/lib/private/portchurn');
  expect(said.get('purged')).toBe('yes');
  expect(said.get('after')).toBe('inactive ');
});
