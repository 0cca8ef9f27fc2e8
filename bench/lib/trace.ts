/** A recorded trace of Chromium as the frames of a page's main thread. In: trace events. Out: ms per frame. */

export interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Microseconds; `tdur` is the thread's own processor time, so that others on the machine are not in it. */
  ts: number;
  dur?: number;
  tdur?: number;
  args?: { name?: string; data?: unknown };
}

/** Milliseconds of the main thread's processor time between two commits; `total` has the rest of its tasks too. */
export interface Frame {
  total: number;
  /** The same by the clock on the wall. */
  wall: number;
  script: number;
  layout: number;
  paint: number;
}

type Part = Exclude<keyof Frame, 'total' | 'wall'>;

/** What a task is made of, by the names DevTools knows. */
const PARTS: Record<string, Part> = {
  'v8.callFunction': 'script',
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
};

export function framesOf(events: readonly TraceEvent[]): Frame[] {
  const frames: Frame[] = [];
  let frame = empty();
  let [taskEnd, partEnd] = [0, 0];
  for (const { name, ts, dur = 0, tdur = 0 } of mainThread(events)) {
    if (name === 'RunTask' && ts >= taskEnd) {
      taskEnd = ts + dur;
      frame.total += tdur / 1000;
      frame.wall += dur / 1000;
    }
    // Only the outermost: what a function calls is in its own time.
    const part = PARTS[name];
    if (part !== undefined && ts >= partEnd) {
      partEnd = ts + dur;
      frame[part] += tdur / 1000;
    }
    if (name !== 'Commit') continue;
    frames.push(frame);
    frame = empty();
  }
  return frames;
}

const empty = (): Frame => ({ total: 0, wall: 0, script: 0, layout: 0, paint: 0 });

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
