/** Nothing goes wrong: how full the tightest budget is. In: budgets. */
import { fullness, tightestOf } from '../../../src/forecast/outlook.js';
import { budgets } from '../../state/model.js';
import { endpoint, integer, percent } from '../../text/format.js';

export function Calm({ past }: { past: boolean }) {
  const tightest = tightestOf([...budgets.value.rows.values()].filter(({ used }) => (used ?? 0) > 0));
  return (
    <div class="calm">
      <h2>{past ? 'Nothing fails now' : 'Nothing to act on'}</h2>
      <p class="detail">
        {tightest === null
          ? 'An incident says who burns ports, toward what, and what to change.'
          : `Tightest budget: ${endpoint(tightest.destination)}, ${integer(tightest.used)} of ${integer(tightest.limit)} ports, ${percent(fullness(tightest))}.`}
      </p>
    </div>
  );
}
