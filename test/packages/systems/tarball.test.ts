/** The tarball in Debian 11, Debian 13 and Ubuntu; in Debian 12 it is installed by the tier `packages`. */
import { describe, it } from 'vitest';
import { testScope } from '../../support/scope.js';
import { namesFromTarball, WAYS } from '../tarball.js';
import { RELEASES } from './releases.js';

describe.each(RELEASES.filter((release) => release !== 'bookworm'))('%s', (release) => {
  it.each(WAYS)('$who copies it, unpacks it and has the culprit named', async ({ as }) => {
    await namesFromTarball(testScope(), release, as);
  });
});
