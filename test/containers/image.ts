/** What containers of the tests are made of: busybox and nothing else. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A root file system. */
export function rootfs(directory: string): string {
  const root = join(directory, 'rootfs');
  mkdirSync(join(root, 'bin'), { recursive: true });
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  for (const applet of ['sh', 'sleep', 'nc', 'wget']) symlinkSync('busybox', join(root, 'bin', applet));
  return root;
}

/** As `docker save` writes an image: one layer, which sleeps. */
export function imageArchive(directory: string, name: string): string {
  const layer = join(directory, 'layer.tar');
  execFileSync('tar', ['-C', rootfs(directory), '-cf', layer, '.']);
  const id = createHash('sha256').update(readFileSync(layer)).digest('hex');
  const config = { Entrypoint: ['sleep', '1000'], Env: ['PATH=/bin'] };
  const about = {
    architecture: 'amd64',
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: [`sha256:${id}`] },
  };
  writeFileSync(join(directory, 'config.json'), JSON.stringify(about));
  const manifest = [{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }];
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest));
  const archive = join(directory, 'image.tar');
  execFileSync('tar', ['-C', directory, '-cf', archive, 'manifest.json', 'config.json', 'layer.tar']);
  return archive;
}
