import { readdir, readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';

const DOCS = new URL('../../../docs/', import.meta.url);
const IMPORT = /^import \{([^}]*)\} from '([^']+)';$/gm;

/** A fenced block of the SDK's pages. */
export interface Example {
  /** `page.md:line` of its first line. */
  readonly at: string;
  readonly code: string;
  readonly imports: readonly { readonly names: readonly string[]; readonly from: string }[];
}

function examplesOf(page: string, text: string): Example[] {
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => {
    const code = match[1] ?? '';
    const line = text.slice(0, match.index).split('\n').length + 1;
    const imports = [...code.matchAll(IMPORT)].map(([, names = '', from = '']) => ({
      names: names.split(',').map((name) => name.trim()),
      from,
    }));
    return { at: `${page}:${line}`, code, imports };
  });
}

/** Every example of docs/sdk.md and docs/sdk/, in order. */
export async function readExamples(): Promise<Example[]> {
  const more = await readdir(new URL('sdk/', DOCS));
  const pages = ['sdk.md', ...more.sort().map((name) => `sdk/${name}`)];
  const texts = await Promise.all(pages.map((page) => readFile(fileURLToPath(new URL(page, DOCS)), 'utf8')));
  return pages.flatMap((page, index) => examplesOf(page, texts[index] ?? ''));
}

/** Runs an example with these names in reach; `load` gives what it imports. */
export async function runExample(
  { code }: Example,
  names: Readonly<Record<string, unknown>>,
  load: (from: string) => Promise<unknown>,
): Promise<void> {
  const script = stripTypeScriptTypes(code).replaceAll(
    IMPORT,
    (_line, imported: string, from: string) => `const {${imported}} = await load('${from}');`,
  );
  const AsyncFunction = (async () => undefined).constructor as new (
    ...parts: string[]
  ) => (...values: unknown[]) => Promise<void>;
  await new AsyncFunction('load', ...Object.keys(names), `{${script}}`)(load, ...Object.values(names));
}

/** All examples as one module, each in a function of its own. */
export function asModule(examples: readonly Example[]): string {
  const imports = new Map<string, Set<string>>([
    ['countersign', new Set(['Countersign', 'CountersignUser'])],
  ]);
  for (const { names, from } of examples.flatMap((example) => example.imports)) {
    const known = imports.get(from) ?? new Set();
    for (const name of names) known.add(name);
    imports.set(from, known);
  }
  const head = [...imports].map(([from, names]) => `import { ${[...names].join(', ')} } from '${from}';`);
  const given = [
    'declare const countersign: Countersign;',
    'declare const user: CountersignUser;',
    'declare function authenticator(options: object): Promise<object>;',
  ];
  const bodies = examples.map(
    ({ at, code }) => `// ${at}\nexport const _ = async () => {\n${code.replaceAll(IMPORT, '')}\n};\n`,
  );
  const numbered = bodies.map((body, index) => body.replace('const _', `const example${index}`));
  return [...head, ...given, ...numbered]
    .join('\n')
    .replaceAll('import { Countersign, CountersignUser', 'import { Countersign, type CountersignUser');
}
