/**
 * What to do about an incident: its first remedy with one button, and the command for this moment where the first is a change of code. In:
 * an incident. The service orders remedies once: nothing changes places here.
 */
import type { IncidentRemedy, IncidentRow } from '../../../src/protocol/rows.js';
import { actionsOf, pasted } from '../../../src/view/incident.js';
import { foreign } from '../../text/format.js';
import { Copyable } from '../panels/copy.js';

export function Fix({ row }: { row: IncidentRow }) {
  const { first, now } = actionsOf(row);
  return (
    <div class="fix">
      {first === null ? <Looking /> : <Remedy remedy={first} caption="Copy fix" className="primary" />}
      {now === null ? null : <Remedy remedy={now} caption="Copy command" className="command" />}
    </div>
  );
}

/** The service looks for a remedy in the first seconds. */
function Looking() {
  return <p class="quiet">No remedy is known yet. The evidence is in the details.</p>;
}

interface RemedyProps {
  remedy: IncidentRemedy;
  caption: string;
  className: string;
}

function Remedy({ remedy, caption, className }: RemedyProps) {
  const { text, undo, effect, command } = remedy;
  const copied = pasted(remedy);
  return (
    <div class="remedy">
      <p
        class="advice"
        title={[text, effect].flatMap((part) => (part === null ? [] : foreign(part))).join('\n')}
      >
        <strong>{foreign(text)}</strong>
        {effect === null ? null : <span class="detail"> {foreign(effect)}</span>}
      </p>
      <div class="buttons">
        {copied === null ? null : (
          <Copyable
            text={copied}
            label={command === null ? `the example: ${foreign(text)}` : `the command: ${foreign(text)}`}
            caption={caption}
            className={command === null ? className : `${className} command`}
          />
        )}
        {undo === null ? null : (
          <Copyable text={undo} label="what takes it back" caption="Undo" className="undo" />
        )}
      </div>
    </div>
  );
}
