/** The systemd unit that a control group's path names. In: a path. Out: a unit, or null. Pure. */
const LEAF_UNIT = /^[^/]+\.(service|scope|socket|mount|swap)$/;
const SLICE_UNIT = /^[^/]+\.slice$/;

/**
 * The innermost service or scope, else the innermost slice: "/system.slice/nginx.service" is nginx.service,
 * "/user.slice/user-1000.slice/user@1000.service/app.slice/a.service" is a.service, "/machine.slice" is machine.slice.
 * Null for a path that systemd did not make.
 */
export function unitOf(path: string): string | null {
  const parts = path.split('/').map(unprefixed);
  const leaf = parts.findLastIndex((part) => LEAF_UNIT.test(part));
  if (leaf < 0) return parts.findLast((part) => SLICE_UNIT.test(part)) ?? null;
  return managerOf(parts, leaf) ?? parts[leaf] ?? null;
}

/** A service manager keeps itself in an init.scope of its own below its unit: the unit says more. */
function managerOf(parts: string[], leaf: number): string | undefined {
  if (parts[leaf] !== 'init.scope') return undefined;
  return parts.slice(0, leaf).findLast((part) => LEAF_UNIT.test(part));
}

/** systemd puts an underscore before a unit whose name would clash with a kernel file ("_cpu.service"). */
function unprefixed(part: string): string {
  return part.startsWith('_') ? part.slice(1) : part;
}
