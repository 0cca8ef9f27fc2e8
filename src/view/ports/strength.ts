/**
 * How strongly a port shows on a map: fully while it is in use, and the fainter the sooner its TIME_WAIT entry ends. In: seconds that an entry
 * has left. Out: a share of its owner's colour. Pure.
 */

/** The life of a TIME_WAIT entry on Linux. */
export const ENTRY_SECONDS = 60;
/** At its end, and at its beginning. */
const FAINTEST = 0.22;
const STRONGEST = 0.78;

export const strengthOf = (secondsLeft: number): number =>
  FAINTEST + ((STRONGEST - FAINTEST) * Math.min(secondsLeft, ENTRY_SECONDS)) / ENTRY_SECONDS;
