/** The whole screen in each state, cell by cell: the literal ones are in the folder `screens`, to read and to compare. */
import { describe, expect, it } from 'vitest';
import { sceneOf, screenOf } from './scenes.js';
import { SIZES, STATES } from './states.js';

describe.each(SIZES)('at %ix%i', (width, height) => {
  it.each(Object.keys(STATES))('%s', async (name) => {
    const lines = screenOf(sceneOf(STATES[name] ?? {}), width, height);
    const file = `screens/${name.replace(' ', '-')}-${width}x${height}.txt`;
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(file);
  });
});
