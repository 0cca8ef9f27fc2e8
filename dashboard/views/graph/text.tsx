/** The blame graph as a table, for whoever does not see it or wants its figures. In: the graph. */
import type { Blame, Graph, Hold } from '../../charts/blame-types.js';
import { integer, rate, UNKNOWN } from '../../text/format.js';

export function GraphText({ graph }: { graph: Graph }) {
  return (
    <details>
      <summary>As a table</summary>
      <table>
        <caption class="sr-only">Who holds or blocks ports of which budget, and who finds none</caption>
        <thead>
          <tr>
            <th scope="col">Process</th>
            <th scope="col">Toward</th>
            <th scope="col">From</th>
            <th scope="col">Ports held</th>
            <th scope="col">Blocked by bind()</th>
            <th scope="col">Opens/s</th>
            <th scope="col">Finds no port</th>
          </tr>
        </thead>
        <tbody>
          {graph.holds.map((hold) => (
            <Line key={`${hold.process} ${hold.budget}`} graph={graph} hold={hold} />
          ))}
        </tbody>
      </table>
    </details>
  );
}

function Line({ graph, hold }: { graph: Graph; hold: Hold }) {
  const nameOf = (id: string) => graph.processes.find((node) => node.id === id)?.text ?? UNKNOWN;
  const budget = graph.budgets.find(({ id }) => id === hold.budget);
  const toward = graph.destinations.find(({ id }) => id === budget?.destination);
  const blame = graph.blames.find(({ victim, budget: of }) => victim === hold.process && of === hold.budget);
  return (
    <tr>
      <th scope="row">
        <bdi>{nameOf(hold.process)}</bdi>
      </th>
      <td>
        <bdi class="address">{toward?.text ?? UNKNOWN}</bdi>
      </td>
      <td>{budget?.text ?? UNKNOWN}</td>
      <td>{integer(hold.ports)}</td>
      <td>{integer(hold.blocked)}</td>
      <td>{rate(hold.openPerSec)}</td>
      <td>
        {blame === undefined ? (
          'no'
        ) : (
          <>
            {rate(blame.failPerSec)}/s; <Taker blame={blame} nameOf={nameOf} />
          </>
        )}
      </td>
    </tr>
  );
}

/** Who has taken most of the ports. */
function Taker({ blame, nameOf }: { blame: Blame; nameOf: (id: string) => string }) {
  const { victim, taker, isBlocker } = blame;
  if (taker === null && !isBlocker) return <>who holds most is not known</>;
  const name = taker === null ? 'other programs' : taker === victim ? 'itself' : nameOf(taker);
  return (
    <>
      most are {isBlocker ? 'blocked by bind() of' : 'held by'} <bdi>{name}</bdi>
    </>
  );
}
