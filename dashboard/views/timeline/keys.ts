/** Keys of the timeline: nearer, farther, earlier, later. In: a key. Out: another span. */
import { pan, scale } from '../../state/timeline/timeline.js';

export const TIMELINE_KEYS = [
  {
    keys: ['+', '=', '-'],
    shown: '+ -',
    does: 'zoom the timeline',
    run: ({ key }: { key: string }) => scale(key === '-' ? 2 : 0.5),
  },
  {
    keys: ['ArrowLeft', 'ArrowRight'],
    shown: '← →',
    does: 'move in the timeline',
    run: ({ key }: { key: string }) => pan(key === 'ArrowLeft' ? -0.25 : 0.25),
  },
];
