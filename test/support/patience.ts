/**
 * How much longer than on an ordinary machine a test waits for what must happen: an emulated one is ten times slower. Bounds
 * of waits are stretched by it; nothing waits longer than it takes.
 */
export const PATIENCE = Number(process.env.TEST_PATIENCE ?? 1);

export const patient = (ms: number): number => ms * PATIENCE;
