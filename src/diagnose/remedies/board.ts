/**
 * The remedies of one incident as people see them: in their order, whichever was found first. Once, ten seconds after the first thing to do
 * was found, what nobody offers any more goes; from then on each keeps its place: figures change, what comes later is appended. A restart of
 * the service keeps the places, too. In: offers of each second. Out: remedies. Time is given.
 */
import { type IncidentRemedy, REMEDY_ROLES } from '../../protocol/rows.js';
import { groupBy } from '../groups.js';
import { done, isDone, type SettingNow } from './done.js';
import { type Offer, savedOffer } from './offers.js';

/** Until then findings come, and some are wrong about what is not known yet, ms. */
const ORDERED_MS = 10_000;
/** What was offered within this is offered, ms. */
const MISSED_MS = 3000;
/** What is said of a setting turns into its contrary when the contrary holds for this long, ms. */
const TURNS_MS = 10_000;
const MOST = 16;

interface Item {
  offer: Offer;
  /** As it was before it was done; null: it is not done. */
  open: Offer | null;
  /** Since when the contrary is said of it; null: it is not. */
  contrary: number | null;
  /** Last, Unix ms. */
  offered: number;
}

export class Board {
  private items: Item[];
  private isOrdered: boolean;
  /** When something to do was offered first, Unix ms: what will not help is known at once. */
  private began: number | null = null;

  /**
   * @param opened when it was first looked at, Unix ms. @param saved what an earlier run of the service showed of an incident that has been
   *   there `since`
   */
  constructor(opened: number, saved: readonly IncidentRemedy[] = [], since = opened) {
    this.items = saved.map((remedy, i) => ({
      offer: savedOffer(remedy, i),
      open: null,
      contrary: null,
      offered: opened,
    }));
    this.isOrdered = saved.length > 0 && opened - since >= ORDERED_MS;
  }

  get remedies(): IncidentRemedy[] {
    return this.items.map(({ offer }) => offer.remedy);
  }

  /** @param offers several may be about one thing: the first is taken, or what is shown already */
  step(offers: readonly Offer[], settingNow: SettingNow, time: number): void {
    const byTopic = groupBy(offers, ({ topic }) => topic);
    if (offers.some(isDoable)) this.began ??= time;
    const settles = !this.isOrdered && time - (this.began ?? time) >= ORDERED_MS;
    if (settles) this.items = this.items.filter(({ offered }) => time - offered <= MISSED_MS);
    for (const item of this.items)
      update(item, byTopic.get(item.offer.topic) ?? [], { settingNow, time, settles });
    const shown = new Set(this.items.map(({ offer }) => offer.topic));
    for (const [topic, alike] of byTopic)
      if (!shown.has(topic) && this.items.length < MOST)
        this.items.push({ offer: foremost(alike), open: null, contrary: null, offered: time });
    if (this.isOrdered) return;
    this.items.sort((a, b) => rank(a) - rank(b) || a.offer.order - b.offer.order);
    this.isOrdered = settles;
  }
}

interface Moment {
  readonly settingNow: SettingNow;
  readonly time: number;
  /** The one at which what is wrong goes. */
  readonly settles: boolean;
}

const isDoable = ({ remedy }: Offer) => remedy.role !== 'will-not-help';

const rank = ({ offer }: Item) => REMEDY_ROLES.indexOf(offer.remedy.role);

/** What nobody offers any more stays as it was said, unless it was done. */
function update(item: Item, offers: readonly Offer[], { settingNow, time, settles }: Moment): void {
  if (offers.length > 0) item.offered = time;
  const { role, command } = item.offer.remedy;
  const same = offers.filter(({ remedy }) => remedy.role === role);
  if (same.length > 0) {
    item.offer = foremost(
      same,
      same.find(({ remedy }) => remedy.command === command),
    );
    item.open = null;
    item.contrary = null;
    return;
  }
  if (isDone(item.offer, settingNow)) {
    item.open ??= item.offer;
    item.offer = done(item.offer, settingNow);
    return;
  }
  if (item.open !== null) item.offer = item.open;
  item.open = null;
  if (offers[0] !== undefined) turn(item, offers[0], settles ? 0 : TURNS_MS, time);
}

/** What is said, at the place of the one that comes first. @param alike about one thing, at least one */
function foremost(alike: readonly Offer[], said = alike[0] as Offer): Offer {
  return { ...said, order: Math.min(...alike.map(({ order }) => order)) };
}

/** @param after ms */
function turn(item: Item, offer: Offer, after: number, time: number): void {
  item.contrary ??= time;
  if (time - item.contrary < after) return;
  item.offer = offer;
  item.contrary = null;
}
