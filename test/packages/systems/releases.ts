/** Releases of Debian that packages are installed in: 11, 12 and 13. Their glibc is 2.31, 2.36 and 2.41. */
export const RELEASES = ['bullseye', 'bookworm', 'trixie'];
