/**
 * The dashboard's files, read once at start: a file that is not in this table does not exist, so no path can lead elsewhere.
 * In: a directory. Out: responses with content type, validator (ETag) and caching.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { getMimeType } from 'hono/utils/mime';

export interface Asset {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
  readonly cacheControl: string;
}

/** By URL path. */
export type Assets = ReadonlyMap<string, Asset>;

/** The bundler puts a hash of the content into these files' names. */
const HASHED = '/assets/';
const FOREVER = 'public, max-age=31536000, immutable';
const REVALIDATE = 'no-cache';

/** Empty when the dashboard was never built. */
export function loadAssets(directory: string): Assets {
  const assets = new Map<string, Asset>();
  for (const file of filesOf(directory)) {
    const path = `/${relative(directory, file).split(sep).join('/')}`;
    assets.set(path, load(file, path));
  }
  const index = assets.get('/index.html');
  if (index) assets.set('/', index);
  return assets;
}

/** Regular files only: a link could lead out of the directory. */
function filesOf(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function load(file: string, path: string): Asset {
  const body = new Uint8Array(readFileSync(file));
  return {
    body,
    type: getMimeType(path) ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    cacheControl: path.startsWith(HASHED) ? FOREVER : REVALIDATE,
  };
}

/** 304 when the client has this version already. */
export function respond(asset: Asset, ifNoneMatch: string | undefined): Response {
  const headers = { etag: asset.etag, 'cache-control': asset.cacheControl };
  const cached = (ifNoneMatch ?? '').split(',').some((tag) => tag.trim().replace(/^W\//, '') === asset.etag);
  if (cached) return new Response(null, { status: 304, headers });
  return new Response(asset.body, { headers: { ...headers, 'content-type': asset.type } });
}
