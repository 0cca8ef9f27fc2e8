/** Releases that packages are installed in: Debian 11, 12 and 13, whose glibc is 2.31, 2.36 and 2.41, and Ubuntu's. */
import { UBUNTU } from '../debian.js';

export const RELEASES = ['bullseye', 'bookworm', 'trixie', ...UBUNTU];
