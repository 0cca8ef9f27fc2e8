/**
 * The service of a Debian package: the unit of deploy/systemd, whose flags become the configuration file that an administrator changes.
 * In: the unit's text. Out: the same unit with that file, and the file.
 */

export const CONFIGURATION = '/etc/portchurn/portchurn.yaml';

const START = /^ExecStart=\/usr\/bin\/env portchurn serve ((?:--listen \S+ ?)+)$/m;

const HEADER = `# portchurn as an unprivileged, hardened service. Its options are in ${CONFIGURATION}; to change the unit itself: systemctl edit portchurn
`;

/** @param {string} unit of deploy/systemd @returns {{ unit: string, configuration: string }} */
export function serviceOf(unit) {
  const listen = [...(START.exec(unit)?.[1] ?? '').matchAll(/--listen (\S+)/g)].map(
    ([, address]) => `  - ${address}\n`,
  );
  if (listen.length === 0)
    throw new Error('ExecStart of deploy/systemd/portchurn.service has other flags than --listen');
  const body = unit.slice(unit.indexOf('[Unit]'));
  return {
    unit: HEADER + body.replace(START, `ExecStart=/usr/bin/portchurn serve --config ${CONFIGURATION}`),
    configuration: configurationOf(listen.join('')),
  };
}

/** @param {string} listen items of a list */
const configurationOf = (
  listen,
) => `# Options of portchurn.service: keys named like the flags of portchurn-serve(1). After a change: systemctl restart portchurn
# Without a token every local user, and every container in the host's network, can read all it shows by TCP. Who may open the socket in
# /run/portchurn needs none.
#token-file: /etc/portchurn/token
listen:
${listen}`;
