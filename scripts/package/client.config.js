/** Bundles `portchurn/client` twice: for Node, with the WebSocket that it may lack, and for browsers. In: src/client/face/. Out: `outDir`. */
import { join } from 'node:path';
import { defineConfig } from 'vite';
import { ROOT } from '../lib/run.js';

export default defineConfig(({ mode }) => ({
  root: ROOT,
  logLevel: 'warn',
  publicDir: false,
  ssr: { noExternal: true, target: mode === 'browser' ? 'webworker' : 'node' },
  build: {
    ssr: true,
    target: 'es2022',
    minify: false,
    sourcemap: true,
    emptyOutDir: false,
    rolldownOptions: {
      input: { [mode]: join(ROOT, `src/client/face/${mode}.ts`) },
      output: { entryFileNames: '[name].js' },
    },
  },
}));
