/** Feature folders: of one another they import types only. */
export const FEATURES = [
  'approvals',
  'capabilities',
  'downstream',
  'jobs',
  'ledger',
  'notifications',
  'policy',
  'principals',
  'sessions',
] as const;

/** A layer of the house; every file of src/ belongs to exactly one. */
export type Place =
  | 'api'
  | 'app'
  | 'browser'
  | 'cli'
  | 'config'
  | 'core'
  | 'dashboard'
  | 'demo'
  | 'evidence'
  | 'feature'
  | 'gate'
  | 'http'
  | 'index'
  | 'main'
  | 'mcp'
  | 'observe'
  | 'sdk'
  | 'storage';

/** What a place may import by value, and what by type alone. Its own files are always allowed. */
export interface Arrows {
  readonly values: readonly Place[];
  readonly types: readonly Place[];
}

const DOORS: Arrows = {
  values: ['core', 'storage', 'feature', 'gate', 'http'],
  types: ['config', 'evidence'],
};

export const ARROWS: Readonly<Record<Place, Arrows>> = {
  core: { values: [], types: [] },
  storage: { values: ['core'], types: [] },
  feature: { values: ['core', 'storage'], types: ['feature'] },
  http: { values: ['core'], types: ['feature'] },
  config: { values: ['core', 'feature'], types: [] },
  gate: { values: ['core', 'storage', 'feature'], types: ['config'] },
  evidence: { values: ['core', 'feature'], types: ['storage'] },
  mcp: DOORS,
  observe: { values: ['core'], types: ['feature', 'gate'] },
  api: DOORS,
  dashboard: { values: ['core', 'http'], types: ['feature', 'config'] },
  sdk: { values: ['core'], types: [] },
  browser: { values: ['core', 'sdk'], types: [] },
  cli: { values: ['core', 'sdk'], types: ['config', 'demo', 'evidence', 'feature'] },
  demo: { values: ['core'], types: [] },
  app: {
    values: [
      'core',
      'storage',
      'feature',
      'config',
      'evidence',
      'gate',
      'http',
      'mcp',
      'observe',
      'api',
      'dashboard',
      'demo',
      'sdk',
    ],
    types: ['cli'],
  },
  index: { values: ['core', 'sdk', 'app', 'feature'], types: ['config'] },
  main: { values: ['core', 'sdk', 'app', 'cli', 'config', 'demo', 'evidence', 'feature'], types: [] },
};

/** Places whose code also runs outside Node: of core they may use what imports neither Node nor a package. */
export const PORTABLE: readonly Place[] = ['sdk', 'browser'];

const FOLDERS: Readonly<Record<string, Place>> = {
  api: 'api',
  app: 'app',
  cli: 'cli',
  config: 'config',
  core: 'core',
  dashboard: 'dashboard',
  demo: 'demo',
  evidence: 'evidence',
  gate: 'gate',
  http: 'http',
  mcp: 'mcp',
  observe: 'observe',
  sdk: 'sdk',
  storage: 'storage',
};

const ROOT_FILES: Readonly<Record<string, Place>> = {
  'app.ts': 'app',
  'config.ts': 'config',
  'index.ts': 'index',
  'main.ts': 'main',
};

/** The feature that a file of src/ belongs to, if any. */
export function featureOf(path: string): string | undefined {
  const folder = path.split('/')[1] ?? '';
  return FEATURES.find((feature) => feature === folder && path.split('/').length > 2);
}

/** The layer of a file of src/; undefined when the house has no such place. */
export function placeOf(path: string): Place | undefined {
  const [root, first = '', ...rest] = path.split('/');
  if (root !== 'src') return undefined;
  if (rest.length === 0) return ROOT_FILES[first];
  if (first === 'dashboard' && rest[0] === 'browser') return 'browser';
  return featureOf(path) ? 'feature' : FOLDERS[first];
}
