/** A recorded trace of Chromium as the frames of a page's main thread. Enters: trace events. Leaves: ms per frame. */

export interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Microseconds. */
  ts: number;
  dur?: number;
  args?: { name?: string; data?: unknown };
}

/** Milliseconds of the main thread between two commits; parts do not overlap, `total` has the rest of its tasks too. */
export interface Frame {
  total: number;
  script: number;
  layout: number;
  paint: number;
  collector: number;
}

type Part = Exclude<keyof Frame, 'total'>;

/** What a task is made of, by the names DevTools knows. */
const PARTS: Record<string, Part> = {
  FunctionCall: 'script',
  EvaluateScript: 'script',
  RunMicrotasks: 'script',
  TimerFire: 'script',
  EventDispatch: 'script',
  FireAnimationFrame: 'script',
  WebSocketReceive: 'script',
  UpdateLayoutTree: 'layout',
  Layout: 'layout',
  PrePaint: 'paint',
  Paint: 'paint',
  Layerize: 'paint',
  Commit: 'paint',
  MinorGC: 'collector',
  MajorGC: 'collector',
};

export function framesOf(events: readonly TraceEvent[]): Frame[] {
  const own = mainThread(events);
  const frames: Frame[] = [];
  let frame = empty();
  let [taskEnd, partEnd] = [0, 0];
  for (const { name, ts, dur = 0 } of own) {
    const part = PARTS[name];
    if (name === 'RunTask' && ts >= taskEnd) {
      frame.total += dur / 1000;
      taskEnd = ts + dur;
    }
    // Only the outermost: what a function calls is in its own time. The collector is told apart wherever it runs.
    if (part === 'collector' || (part !== undefined && ts >= partEnd)) frame[part] += dur / 1000;
    if (part !== undefined && part !== 'collector' && ts >= partEnd) partEnd = ts + dur;
    if (name !== 'Commit') continue;
    frames.push(frame);
    frame = empty();
  }
  return frames;
}

const empty = (): Frame => ({ total: 0, script: 0, layout: 0, paint: 0, collector: 0 });

/** Complete events of the thread that committed most frames, in order; an outer one before what it contains. */
function mainThread(events: readonly TraceEvent[]): TraceEvent[] {
  const commits = new Map<string, number>();
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid}.${tid}`;
  for (const event of events)
    if (event.name === 'Commit') commits.set(threadOf(event), (commits.get(threadOf(event)) ?? 0) + 1);
  const [busiest] = [...commits].sort(([, a], [, b]) => b - a)[0] ?? [''];
  const own = events.filter((event) => event.ph === 'X' && threadOf(event) === busiest);
  return own.sort((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0));
}
