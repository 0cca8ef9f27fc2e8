/**
 * Bundles the program into dist/app: the packages that it uses are inside, and each command is a chunk of its own, so that
 * Node opens a few files instead of hundreds and a command loads only what it needs. All files lie in one folder, because the
 * sources name the root of the package as `../..`, from src/ROOM as from dist/app.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));

export default defineConfig({
  root,
  logLevel: 'warn',
  publicDir: false,
  ssr: { noExternal: true },
  build: {
    ssr: true,
    outDir: join(root, 'dist/app'),
    emptyOutDir: true,
    target: 'node20',
    minify: false,
    sourcemap: true,
    rolldownOptions: {
      input: {
        main: join(root, 'src/main.ts'),
        /* What bench/lib/probe.js measures inside the service: the same modules that main loads. */
        aggregator: join(root, 'src/aggregate/ingest/aggregator.ts'),
        layout: join(root, 'src/decode/layout.ts'),
      },
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
});
