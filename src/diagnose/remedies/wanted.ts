/**
 * The command for settings that somebody chose, as what-if shows them: of one namespace, with undo. In: the wish, a budget, its namespace's row.
 * Out: a remedy; null: nothing would change, or it is not known what is set now. Pure.
 */
import { UNKNOWN_PROCESS } from '../../protocol/names.js';
import type { BudgetRow, Remedy, TotalsRow } from '../../protocol/rows.js';
import type { WantedSettings } from '../../protocol/source.js';
import { exposedBy, exposedWords, REUSE_EFFECT, reserving } from '../fixes.js';
import type { Facts, Setting } from '../types.js';
import { changeOf } from './settings.js';

export function wantedChange(
  wanted: WantedSettings,
  budget: BudgetRow,
  totals: TotalsRow | undefined,
  facts: Pick<Facts, 'portsOf'>,
): Remedy | null {
  const parts = [...rangeParts(wanted, totals, facts), ...reuseParts(wanted, totals)];
  const settings = parts.flatMap((part) => part.settings);
  if (settings.length === 0) return null;
  const process = budget.holders[0]?.process ?? UNKNOWN_PROCESS;
  const effects = ['At once, for new connections.', ...parts.map((part) => part.effect)];
  const effect = effects.filter((one) => one !== '').join(' ');
  const text = parts.map((part) => part.text).join('; ');
  const { command, undo, persistence, snippet, language, ...words } = changeOf(settings, totals, process, {
    text,
    effect,
  });
  return { ...words, command, undo, persistence, snippet: snippet ?? null, language: language ?? null };
}

interface Part {
  readonly text: string;
  readonly effect: string;
  readonly settings: readonly Setting[];
}

/** What listens in the new part of the range is reserved by the same command. */
function rangeParts(
  { range }: WantedSettings,
  totals: TotalsRow | undefined,
  facts: Pick<Facts, 'portsOf'>,
): Part[] {
  const now = totals?.portRange ?? null;
  if (range === null || now === null || range.join() === now.join()) return [];
  const use = facts.portsOf(totals?.netnsId ?? null);
  const exposed = use === null ? [] : exposedBy(use, now, range);
  const reserved = use === null || exposed.length === 0 ? [] : [reserving(use, exposed)];
  const setting = { name: 'ip_local_port_range', value: range.join(' '), before: now.join(' ') };
  return [
    {
      text: `Port range ${now.join('–')} → ${range.join('–')}`,
      effect: exposedWords(exposed.length),
      settings: [...reserved, setting],
    },
  ];
}

function reuseParts({ twReuse }: WantedSettings, totals: TotalsRow | undefined): Part[] {
  const now = totals?.tcpTwReuse ?? null;
  if (twReuse === null || now === null || twReuse === now) return [];
  const setting = { name: 'tcp_tw_reuse', value: String(twReuse), before: String(now) };
  return [
    {
      text: `tcp_tw_reuse ${now} → ${twReuse}`,
      effect: twReuse === 0 ? '' : REUSE_EFFECT,
      settings: [setting],
    },
  ];
}
