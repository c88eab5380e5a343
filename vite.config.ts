import { createHash } from 'node:crypto';
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

const sourceHash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * Makes one document of the card, with its script and style inside, as hosts take it. Its own policy lets these two
 * run and nothing else, and lets nothing be reached, however lax the host that shows it is.
 */
function inlineCard(): Plugin {
  return {
    name: 'inline-card',
    applyToEnvironment: ({ name }) => name === 'card',
    enforce: 'post',
    generateBundle(_, bundle) {
      const parts = { script: '', style: '' };
      for (const [name, part] of Object.entries(bundle)) {
        if (part.type === 'chunk') parts.script += part.code.replaceAll('</', '<\\/');
        else if (name.endsWith('.css')) parts.style += String(part.source);
        delete bundle[name];
      }
      const policy = [
        "default-src 'none'",
        `script-src ${sourceHash(parts.script)}`,
        `style-src ${sourceHash(parts.style)}`,
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
      ].join('; ');
      const source = readFileSync(at('src/dashboard/browser/card/card.html'), 'utf8')
        .replace(/<link rel="stylesheet"[^>]*>/, () => `<style>${parts.style}</style>`)
        .replace(/<script type="module"[^>]*><\/script>\n/, '')
        .replace('</body>', () => `  <script type="module">${parts.script}</script>\n  </body>`)
        .replace(
          '<title>',
          () => `<meta http-equiv="content-security-policy" content="${policy}">\n    <title>`,
        );
      this.emitFile({ type: 'asset', fileName: 'card.html', source });
    },
  };
}

/**
 * Five builds, in this order: the server with its dependencies in few files, so that it starts fast; the SDK in one
 * file for any JavaScript platform; the dashboard as plain files that run under its Content-Security-Policy, with
 * nothing inline and nothing fetched, and its service worker as one file at an address that never changes; the card that
 * hosts show beside a held call as one document with all inline.
 */
export default defineConfig({
  root: at('src/dashboard/browser'),
  base: '/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [keepOwnUrls(), copyMigrations(), fetchBuiltinsDirectly(), inlineCard()],
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
    worker: {
      consumer: 'client',
      build: {
        outDir: at('dist/dashboard/public'),
        emptyOutDir: false,
        copyPublicDir: false,
        target: 'es2022',
        modulePreload: { polyfill: false },
        rolldownOptions: {
          input: { worker: at('src/dashboard/browser/worker/main.ts') },
          // Not every browser takes a module as a service worker.
          output: { format: 'iife', entryFileNames: '[name].js' },
        },
      },
    },
    card: {
      consumer: 'client',
      build: {
        outDir: at('dist/mcp/card'),
        emptyOutDir: true,
        copyPublicDir: false,
        target: 'es2022',
        // The host chooses light or dark, which `light-dark()` follows and what replaces it for older browsers does not.
        cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
        modulePreload: { polyfill: false },
        rolldownOptions: { input: at('src/dashboard/browser/card/card.html') },
      },
    },
  },
  builder: {
    async buildApp(builder) {
      for (const name of ['server', 'sdk', 'client', 'worker', 'card'])
        await builder.build(builder.environments[name]!);
    },
  },
});
