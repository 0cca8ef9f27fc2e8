/** The service was replaced by one of another version while the page was open. In: versions. Out: a problem to show, or none. */
import type { Problem } from '../../src/protocol/frames.js';

/** `page`: of the service that the page came from. Null: not known yet. */
export function skewOf(page: string | null, service: string | null): Problem[] {
  if (page === null || service === null || page === service) return [];
  return [
    {
      what: `This page is of version ${page}, the service is ${service}: some of what it shows may be missing or wrong.`,
      why: 'The service was updated, or replaced by an older one, while the page was open.',
      fix: 'Reload the page.',
    },
  ];
}
