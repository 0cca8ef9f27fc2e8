/**
 * What is followed beside the tables, each for as long as it is on the screen: one row's process, the connections of a what-if, a port map.
 * In: a feed, scenes. Out: the newest of each.
 */
import type { HttpClient } from '../../client/http.js';
import type { PortsFrame } from '../../protocol/frames.js';
import type { FlowRow } from '../../protocol/rows.js';
import { countsOf } from '../../view/ports/counts.js';
import { Tints } from '../../view/ports/tints.js';
import { type Follower, follow, switched } from './aside.js';
import type { SideFeed } from './feed.js';
import { isRoomy } from './layout.js';
import { budgetOf, towardFilter } from './parts/overlays.js';
import type { Besides, Scene, ShownPorts } from './scene.js';

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
    this.#followPorts(isRoom ? (budgetOf(scene)?.key ?? null) : null);
  }

  stop(): void {
    this.#aside.on(null);
    this.#followFlows(null);
    this.#followPorts(null);
  }

  #followRow({ flows, state }: Scene, withDetail: boolean, isRoom: boolean): void {
    const row = flows.find(({ key }) => key === state.selected) ?? (isRoom ? flows[0] : undefined);
    const isShown = row !== undefined && (withDetail || isRoom);
    this.#aside.on(isShown ? { key: row.key, pid: row.process.pid, withDetail } : null);
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

  #followPorts(budget: string | null): void {
    const isOther = this.#map.to(budget, (key) =>
      this.feed.ports(key, (frame) => {
        this.#ports = frame === null ? { state: 'refused' } : this.#drawn(frame);
        this.onChange();
      }),
    );
    if (isOther) this.#ports = null;
  }

  #drawn({ first, owners, cells: text }: PortsFrame): ShownPorts {
    if (first === null) return { state: 'rangeless' };
    /* A copy: it has to begin at a multiple of four bytes. */
    const bytes = Buffer.from(text, 'base64');
    const cells = Uint8Array.from(bytes.subarray(0, bytes.length & ~3));
    return { state: 'known', first, owners, cells, counts: countsOf(cells), tints: this.#tints.of(owners) };
  }
}
