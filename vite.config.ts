import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Builds the dashboard into plain files that run under its Content-Security-Policy: nothing inline, nothing fetched. */
export default defineConfig({
  root: at('src/dashboard/browser'),
  base: '/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    // Not dist/dashboard itself: there stands what tsc makes of src/dashboard.
    outDir: at('dist/dashboard/public'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
  },
});
