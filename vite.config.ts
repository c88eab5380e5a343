import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const SOURCES = at('src/');
const OWN_URL = '__OWN_URL__';

/**
 * Lets every module of the server find the files beside it as if nothing had been bundled: `import.meta.url` of
 * src/storage/migrate.ts stays the address of dist/storage/migrate.js, whichever chunk the code went to.
 */
function keepOwnUrls(): Plugin {
  return {
    name: 'keep-own-urls',
    applyToEnvironment: ({ name }) => name === 'server',
    transform(code, id) {
      if (!id.startsWith(SOURCES) || !code.includes('import.meta.url')) return null;
      const path = id.slice(SOURCES.length).replace(/\.ts$/, '.js');
      return { code: code.replaceAll('import.meta.url', `${OWN_URL}(${JSON.stringify(path)})`), map: null };
    },
    renderChunk(code, { fileName }) {
      if (!code.includes(OWN_URL)) return null;
      const folder = posix.dirname(fileName);
      const absolute = (path: string): string =>
        `new URL(${JSON.stringify(`./${posix.relative(folder, path)}`)}, import.meta.url).href`;
      const pattern = new RegExp(`${OWN_URL}\\("([^"]+)"\\)`, 'g');
      return { code: code.replace(pattern, (_, path: string) => absolute(path)), map: null };
    },
  };
}

/** Puts the migrations where the module that reads them looks for them. */
function copyMigrations(): Plugin {
  const folder = 'storage/migrations';
  return {
    name: 'copy-migrations',
    applyToEnvironment: ({ name }) => name === 'server',
    generateBundle() {
      for (const file of readdirSync(at(`src/${folder}`))) {
        const source = readFileSync(at(`src/${folder}/${file}`), 'utf8');
        this.emitFile({ type: 'asset', fileName: `${folder}/${file}`, source });
      }
    },
  };
}

/** One line of imports from Node itself, as the bundler writes it: a default, named bindings, or both. */
const FROM_NODE = /^import (?:([\w$]+))?(?:, )?(?:\{ (.+) \})? from "(node:[\w/]+)";$/gm;

/**
 * Takes what comes from Node without `import`, which reads every property of the module, lazy ones too: for `node:http`
 * alone that loads another HTTP client and costs as much as starting Node. Not in main.js, which an older Node reads.
 */
function fetchBuiltinsDirectly(): Plugin {
  return {
    name: 'fetch-builtins-directly',
    applyToEnvironment: ({ name }) => name === 'server',
    renderChunk(code, { fileName }) {
      if (fileName === 'main.js') return null;
      const direct = code.replace(FROM_NODE, (_, whole?: string, named?: string, from?: string) => {
        const module = `globalThis.process.getBuiltinModule("${from}")`;
        const bindings = [
          ...(whole === undefined ? [] : [`${whole} = ${module}`]),
          ...(named === undefined ? [] : [`{ ${named.replaceAll(' as ', ': ')} } = ${module}`]),
        ];
        return `const ${bindings.join(', ')};`;
      });
      return { code: direct, map: null };
    },
  };
}

/**
 * Three builds, in this order: the server with its dependencies in few files, so that it starts fast; the SDK in one
 * file for any JavaScript platform; the dashboard as plain files that run under its Content-Security-Policy, with
 * nothing inline and nothing fetched.
 */
export default defineConfig({
  root: at('src/dashboard/browser'),
  base: '/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [keepOwnUrls(), copyMigrations(), fetchBuiltinsDirectly()],
  environments: {
    server: {
      consumer: 'server',
      // Native code, and what only the repository has, are found in node_modules when they are needed.
      resolve: { noExternal: true, external: ['libsql', 'playwright-core', '@sparticuz/chromium'] },
      build: {
        outDir: at('dist'),
        emptyOutDir: true,
        copyPublicDir: false,
        target: 'node22',
        minify: false,
        license: { fileName: 'licenses.md' },
        rolldownOptions: {
          input: {
            main: at('src/main.ts'),
            'ledger/thread/host': at('src/ledger/thread/host.ts'),
            'demo/main': at('src/demo/main.ts'),
          },
          output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
        },
      },
    },
    sdk: {
      consumer: 'server',
      resolve: { noExternal: true },
      build: {
        outDir: at('dist'),
        emptyOutDir: false,
        copyPublicDir: false,
        target: 'es2022',
        minify: false,
        rolldownOptions: { input: { index: at('src/index.ts') }, output: { entryFileNames: '[name].js' } },
      },
    },
    client: {
      build: {
        outDir: at('dist/dashboard/public'),
        emptyOutDir: true,
        target: 'es2022',
        assetsInlineLimit: 0,
        cssCodeSplit: false,
        modulePreload: { polyfill: false },
      },
    },
  },
  builder: {
    async buildApp(builder) {
      for (const name of ['server', 'sdk', 'client']) await builder.build(builder.environments[name]!);
    },
  },
});
