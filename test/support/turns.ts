/** How often the event loop comes round while some work lasts. */
/** Counts the event loop's turns until the promise is settled. */
export async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let [turns, running] = [0, true];
  void work.finally(() => {
    running = false;
  });
  for (; running; turns++) await new Promise(setImmediate);
  return turns;
}
