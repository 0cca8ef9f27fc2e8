/** Nothing goes wrong: how full the tightest budget is. In: budgets. */
import { fullness, tightestOf } from '../../../src/forecast/outlook.js';
import { budgets, verdict } from '../../state/model.js';
import { integer, percent, place } from '../../text/format.js';

export function Calm({ past }: { past: boolean }) {
  const tightest = tightestOf([...budgets.value.rows.values()].filter(({ used }) => (used ?? 0) > 0));
  /* The service watches for some seconds before it speaks of an incident. */
  const isFine = verdict.value?.level === 'ok' || verdict.value?.level === 'recovered';
  return (
    <div class="calm">
      <h2>{past ? 'Nothing fails now' : isFine ? 'Nothing to act on' : 'No incident yet'}</h2>
      <p class="detail">
        {tightest === null
          ? 'An incident says who burns ports, toward what, and what to change.'
          : `Tightest budget: ${place(tightest.destination)}, ${integer(tightest.used)} of ${integer(tightest.limit)} ports, ${percent(fullness(tightest))}.`}
      </p>
    </div>
  );
}
