import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestGatewayOptions } from '../../support/gateway.ts';

const UNRULY = fileURLToPath(new URL('../../support/downstreams/unruly-main.ts', import.meta.url));

/** A name of a tool without a place to break the line. */
export const LONG_TOOL = `domains_${'purchase'.repeat(6)}`;

/** What each tool of the form server is held as. */
const RISKS = {
  form: 'high',
  mail_send: 'low',
  cards_create: 'medium',
  company_close: 'critical',
  [LONG_TOOL]: 'medium',
} as const;

/** A gateway whose server `form` has tools that take any arguments, each held with a risk of its own. */
export interface FormGateway extends TestGatewayOptions {
  clear(): void;
}

/** `company_close` asks for two people. */
export function formGateway(): FormGateway {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-form-'));
  const settings = join(folder, 'tools.json');
  const tools = Object.keys(RISKS).map((name) => ({
    name,
    description: 'Takes any arguments.',
    inputSchema: { type: 'object' },
  }));
  writeFileSync(settings, JSON.stringify({ tools }));
  const rules = Object.entries(RISKS).map(
    ([tool, risk]) => `  - id: ${tool}
    match: { tools: ["form/${tool}"] }
    effect: hold
    risk: ${risk}
    reason: What a form does cannot be undone.
    approval: { ${tool === 'company_close' ? 'quorum: 2' : 'expires: 10m'} }
`,
  );
  return {
    servers: { form: { command: process.execPath, args: [UNRULY, settings] } },
    policy: `version: 1\ndefaults: { effect: hold }\nrules:\n${rules.join('')}`,
    clear: () => rmSync(folder, { recursive: true, force: true }),
  };
}
