/** The remedies of one role, in the order of the service. In: remedies. */
import type { IncidentRemedy, RemedyRole } from '../../../src/protocol/rows.js';
import { ROLE_WORDS } from '../../../src/view/incident.js';
import { counted, foreign } from '../../text/format.js';
import { Copyable } from '../panels/copy.js';
import { Part } from './part.js';

/** As the service orders them. */
export const ROLES = Object.keys(ROLE_WORDS) as RemedyRole[];

export function Remedies({ role, of }: { role: RemedyRole; of: readonly IncidentRemedy[] }) {
  if (of.length === 0) return null;
  return (
    <Part id={role} title={ROLE_WORDS[role]}>
      {of.map((remedy) => (
        <Remedy key={remedy.text} remedy={remedy} />
      ))}
    </Part>
  );
}

function Remedy({
  remedy: { text, command, undo, effect, settlesAt, reason, snippet },
}: {
  remedy: IncidentRemedy;
}) {
  const settles = settlesAt === null ? null : `${counted(settlesAt, 'port')} will be held in the end.`;
  const more = [effect, settles, reason].flatMap((part) => (part === null ? [] : foreign(part)));
  return (
    <div class="remedy">
      <p>
        <strong>{foreign(text)}</strong>
      </p>
      {command === null ? null : <Copyable text={command} label={`the command: ${foreign(text)}`} />}
      {undo === null ? null : (
        <p class="undo">
          Undo: <Copyable text={undo} label="what takes it back" />
        </p>
      )}
      {more.length === 0 ? null : <p class="detail">{more.join(' ')}</p>}
      {snippet === null ? null : (
        <Copyable
          text={snippet}
          label={command === null ? 'the example' : `what keeps it: ${foreign(text)}`}
        />
      )}
    </div>
  );
}
