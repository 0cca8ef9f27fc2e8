/**
 * What is followed beside the tables, each for as long as it is on the screen: one row's process, the connections of a what-if, a port map.
 * In: a feed, scenes. Out: the newest of each.
 */
import type { HttpClient } from '../../client/http.js';
import { fullness } from '../../forecast/outlook.js';
import type { PortsFrame } from '../../protocol/frames.js';
import type { BudgetRow, FlowRow } from '../../protocol/rows.js';
import { countsOf } from '../../view/ports/counts.js';
import { Tints } from '../../view/ports/tints.js';
import { type Follower, follow, switched } from './aside.js';
import type { SideFeed } from './feed.js';
import { isRoomy } from './layout.js';
import { budgetOf, budgetsLeft, towardFilter } from './places.js';
import { type Besides, type KnownPorts, type Scene, type ShownPorts, tracedRow } from './scene.js';

export class Beside {
  readonly #aside: Follower;
  readonly #flows = switched();
  readonly #map = switched();
  readonly #tints = new Tints();
  #toward: readonly FlowRow[] | null = null;
  #ports: ShownPorts | null = null;

  constructor(
    private readonly feed: SideFeed,
    http: HttpClient,
    private readonly onChange: () => void,
  ) {
    this.#aside = follow(feed, http, onChange);
  }

  get values(): Besides {
    return { aside: this.#aside.value, toward: this.#toward, ports: this.#ports };
  }

  /** What this screen of this size needs. */
  on(scene: Scene, width: number, height: number): void {
    const { overlay } = scene.state;
    const isRoom = overlay === null && isRoomy(width, height);
    this.#followRow(scene, overlay === 'detail', isRoom);
    this.#followFlows(overlay === 'what-if' ? towardFilter(scene) : null);
    this.#followPorts(isRoom ? mappedBudget(scene, this.#ports?.budget ?? null) : null);
  }

  stop(): void {
    this.#aside.on(null);
    this.#followFlows(null);
    this.#followPorts(null);
  }

  #followRow(scene: Scene, withDetail: boolean, isRoom: boolean): void {
    const { flows, state } = scene;
    const row = isRoom ? tracedRow(scene) : flows.find(({ key }) => withDetail && key === state.selected);
    this.#aside.on(row === undefined ? null : { key: row.key, pid: row.process.pid, withDetail });
  }

  #followFlows(filter: string | null): void {
    const isOther = this.#flows.to(filter, (asked) =>
      this.feed.flows(asked, (rows) => {
        this.#toward = rows;
        this.onChange();
      }),
    );
    if (isOther) this.#toward = null;
  }

  #followPorts(of: BudgetRow | null): void {
    const budget = of?.key ?? null;
    const isOther = this.#map.to(budget, (key) =>
      this.feed.ports(key, mapIntervalMs(of), (frame) => {
        this.#ports = { budget: key, ...(frame === null ? { state: 'refused' } : this.#drawn(frame)) };
        this.onChange();
      }),
    );
    if (isOther) this.#ports = budget === null ? null : { budget, state: 'waiting' };
  }

  #drawn({ first, owners, cells: text }: PortsFrame): KnownPorts | { state: 'rangeless' } {
    if (first === null) return { state: 'rangeless' };
    /* A copy: it has to begin at a multiple of four bytes. */
    const bytes = Buffer.from(text, 'base64');
    const cells = new Uint8Array(bytes.subarray(0, bytes.length & ~3));
    return { state: 'known', first, owners, cells, counts: countsOf(cells), tints: this.#tints.of(owners) };
  }
}

/** A map has four bytes a port, and would be most of what this program reads: one of 64,000 ports comes every 4 s, one of 2,000 every second. */
const PORTS_PER_SECOND = 16_384;

const mapIntervalMs = (budget: BudgetRow | null) =>
  1000 * Math.max(1, Math.ceil((budget?.limit ?? 0) / PORTS_PER_SECOND));

/** Fuller by this share of its ports another budget's map is worth more than one that stands still. */
const FULLER = 0.1;

/** The incident's; else the tightest, and that as long as none is much tighter. */
function mappedBudget(scene: Scene, shown: string | null): BudgetRow | null {
  const { incident } = scene;
  const tightest = budgetOf(scene);
  const kept = budgetsLeft(scene).find(({ key }) => key === shown);
  if (tightest === null || kept === undefined || tightest.key === incident?.budget) return tightest;
  return (fullness(tightest) ?? 0) - (fullness(kept) ?? 0) < FULLER ? kept : tightest;
}
