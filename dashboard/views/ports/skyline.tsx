/** How many ports come back in each of the next five-second steps, as bars. In: the budget's row. */
import type { BudgetRow } from '../../../src/protocol/rows.js';
import { returnSteps } from '../../../src/view/budget.js';
import { integer } from '../../text/format.js';
import { returnsSummary } from '../../text/port-words.js';

export function Skyline({ row }: { row: BudgetRow }) {
  const steps = returnSteps(row);
  const most = Math.max(1, ...steps.map(({ ports }) => ports));
  const last = steps.at(-1)?.within ?? 0;
  return (
    <figure class="skyline">
      <figcaption>
        <h3 id="skyline-title">Ports come back</h3>
        <span class="quiet">most in 5 s: {integer(most)}</span>
      </figcaption>
      <div class="bars" role="img" aria-labelledby="skyline-title" aria-describedby="skyline-summary">
        {steps.map(({ within, ports }) => (
          <span
            key={within}
            class="step"
            title={`${integer(ports)} in ${within - 5} to ${within} s`}
            style={{ height: `${(100 * ports) / most}%` }}
          />
        ))}
      </div>
      <p class="axis" aria-hidden="true">
        <span>now</span>
        <span>{Math.round(last / 2)} s</span>
        <span>{last} s</span>
      </p>
      <p class="sr-only" id="skyline-summary">
        {returnsSummary(steps)}
      </p>
    </figure>
  );
}
