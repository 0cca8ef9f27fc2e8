/**
 * The remedies of one incident as people see them: ordered once, ten seconds after it opened, and then each keeps its place; figures in
 * them change, what comes later is appended. In: offers of each second. Out: remedies. Time is given.
 */
import { type IncidentRemedy, REMEDY_ROLES } from '../../protocol/rows.js';
import { groupBy } from '../groups.js';
import { done, isDone, type SettingNow } from './done.js';
import type { Offer } from './offers.js';

/** Until then findings come and their order wavers, ms. */
const ORDERED_MS = 10_000;
/** What is said of a setting turns into its contrary when the contrary holds for this long, ms. */
const TURNS_MS = 10_000;
const MOST = 16;

interface Item {
  offer: Offer;
  /** Since when the contrary is said of it; null: it is not. */
  contrary: number | null;
}

export class Board {
  private items: Item[] = [];
  private isOrdered = false;

  /** @param opened Unix ms. @param saved what an earlier run of the service showed, until this one knows as much */
  constructor(
    private readonly opened: number,
    private readonly saved: readonly IncidentRemedy[] = [],
  ) {}

  get remedies(): IncidentRemedy[] {
    const now = this.items.map(({ offer }) => offer.remedy);
    return !this.isOrdered && now.length < this.saved.length ? [...this.saved] : now;
  }

  /** @param offers several may be about one thing: the first is taken, or what is shown already */
  step(offers: readonly Offer[], settingNow: SettingNow, time: number): void {
    const byTopic = groupBy(offers, ({ topic }) => topic);
    if (!this.isOrdered) this.items = [];
    for (const item of this.items) update(item, byTopic.get(item.offer.topic) ?? [], settingNow, time);
    const shown = new Set(this.items.map(({ offer }) => offer.topic));
    for (const [topic, [offer]] of byTopic)
      if (offer !== undefined && !shown.has(topic) && this.items.length < MOST)
        this.items.push({ offer, contrary: null });
    if (this.isOrdered) return;
    this.items.sort((a, b) => rank(a) - rank(b));
    this.isOrdered = time - this.opened >= ORDERED_MS;
  }
}

const rank = ({ offer }: Item) => REMEDY_ROLES.indexOf(offer.remedy.role);

/** What nobody offers any more stays as it was said, unless it was done. */
function update(item: Item, offers: readonly Offer[], settingNow: SettingNow, time: number): void {
  const { role, command } = item.offer.remedy;
  const same = offers.filter(({ remedy }) => remedy.role === role);
  const [first] = same;
  if (first !== undefined) {
    item.offer = same.find(({ remedy }) => remedy.command === command) ?? first;
    item.contrary = null;
    return;
  }
  if (isDone(item.offer, settingNow)) item.offer = done(item.offer, settingNow);
  else if (offers[0] !== undefined) turn(item, offers[0], time);
}

function turn(item: Item, offer: Offer, time: number): void {
  item.contrary ??= time;
  if (time - item.contrary < TURNS_MS) return;
  item.offer = offer;
  item.contrary = null;
}
