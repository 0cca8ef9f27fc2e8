/** The sliders of a what-if. In: settings as they are. Out: positions. */
import type { TotalsRow } from '../../../src/protocol/rows.js';
import { LEAST_PORT, MOST_ADDRESSES, MOST_PORT } from '../../state/whatif/changes.js';
import { slide, sliders } from '../../state/whatif/whatif.js';
import { integer } from '../../text/format.js';

const REUSE = ['0: never', '1: for all', '2: loopback only'];

export function Sliders({ settings }: { settings: TotalsRow }) {
  const { low, high, twReuse, pooled, sources, destinations } = sliders.value;
  const [from, to] = settings.portRange ?? [LEAST_PORT, MOST_PORT];
  const ports = { min: LEAST_PORT, max: MOST_PORT };
  const reuse = twReuse ?? settings.tcpTwReuse ?? 0;
  return (
    <div class="sliders">
      <Slider
        {...ports}
        id="low"
        label="Port range from"
        value={low ?? from}
        says={integer(low ?? from)}
        to={(value) => slide({ low: value })}
      />
      <Slider
        {...ports}
        id="high"
        label="Port range to"
        value={high ?? to}
        says={integer(high ?? to)}
        to={(value) => slide({ high: value })}
      />
      <Slider
        id="reuse"
        label="tcp_tw_reuse"
        min={0}
        max={2}
        value={reuse}
        says={REUSE[reuse] ?? String(reuse)}
        to={(value) => slide({ twReuse: value })}
      />
      <Slider
        id="pooled"
        label="Pooled connections"
        min={0}
        max={100}
        value={pooled}
        says={`${pooled} % of new ones are not made`}
        to={(value) => slide({ pooled: value })}
      />
      <Slider
        id="sources"
        label="Source addresses"
        min={1}
        max={MOST_ADDRESSES}
        value={sources}
        says={integer(sources)}
        to={(value) => slide({ sources: value })}
      />
      <Slider
        id="destinations"
        label="Destination addresses"
        min={1}
        max={MOST_ADDRESSES}
        value={destinations}
        says={integer(destinations)}
        to={(value) => slide({ destinations: value })}
      />
    </div>
  );
}

interface SliderProps {
  id: string;
  label: string;
  min: number;
  max: number;
  value: number;
  /** The value in words. */
  says: string;
  to(value: number): void;
}

function Slider({ id, label, min, max, value, says, to }: SliderProps) {
  const name = `whatif-${id}`;
  return (
    <div class="slider">
      <label for={name}>{label}</label>
      <input
        id={name}
        type="range"
        min={min}
        max={max}
        value={value}
        aria-valuetext={says}
        onInput={({ currentTarget }) => to(Number(currentTarget.value))}
      />
      <output for={name}>{says}</output>
    </div>
  );
}
