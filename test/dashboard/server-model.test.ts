import { expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { definitionHash } from '../../src/core/tool-definition.ts';
import {
  hiddenCount,
  shownChanges,
  shownHash,
  toolOrder,
} from '../../src/dashboard/browser/model/server-words.ts';
import type { ServerTool } from '../../src/sdk/servers.ts';

const PINNED = { name: 'send', description: 'Sends a mail.', inputSchema: { type: 'object' } };
const OFFERED = {
  name: 'send',
  description: 'Sends a mail to all.',
  inputSchema: { type: 'object', required: ['a/b'] },
};

function tool(definition: JsonObject, more: Partial<ServerTool> = {}): ServerTool {
  return {
    server: 'mail',
    tool: 'send',
    exposed: 'mail_send',
    state: 'quarantined',
    hash: definitionHash(definition),
    // As the gateway lists it: under the name that agents see.
    definition: { ...definition, name: 'mail_send' },
    pinnedHash: definitionHash(PINNED),
    pinnedDefinition: PINNED,
    refusal: null,
    ...more,
  };
}

it('the hash that the page computes of a shown definition is the one by which the gateway knows it', async () => {
  expect(await shownHash(tool(OFFERED))).toBe(definitionHash(OFFERED));
  const tampered = { ...tool(OFFERED), definition: { ...OFFERED, description: 'Sends a mail.' } };
  expect(await shownHash(tampered)).not.toBe(tampered.hash);
});

it('every difference stands at its JSON Pointer, in full, and texts word by word', () => {
  expect(shownChanges(tool(OFFERED))).toEqual([
    {
      at: '/description',
      before: '"Sends a mail."',
      after: '"Sends a mail to all."',
      words: [
        { kind: 'same', text: 'Sends a mail' },
        { kind: 'new', text: ' to all' },
        { kind: 'same', text: '.' },
      ],
    },
    { at: '/inputSchema/required', before: undefined, after: '[\n  "a/b"\n]', words: undefined },
  ]);
});

it('a tool that was never accepted differs in all that it has', () => {
  const found = shownChanges(tool(OFFERED, { pinnedHash: null, pinnedDefinition: null }));
  expect(found.map(({ at, before }) => [at, before])).toEqual([
    ['/description', undefined],
    ['/inputSchema', undefined],
    ['/name', undefined],
  ]);
});

it('characters that hide or reorder are counted wherever they stand, and letters of any script are not', () => {
  expect(hiddenCount(tool(OFFERED))).toBe(0);
  expect(hiddenCount(tool({ ...OFFERED, description: 'Überweisung ⟦U+0041⟧\nzweite Zeile' }))).toBe(0);
  const hostile = { ...OFFERED, description: 'a\u202Eb\u200Bc', inputSchema: { 'k\u{E0041}': 1 } };
  expect(hiddenCount(tool(hostile))).toBe(3);
});

it('tools that have drifted come first, then those shut for their name, then what was refused, then the others by name', () => {
  const active = { state: 'active', pinnedHash: definitionHash(OFFERED) } as const;
  const tools = [
    tool(OFFERED, { tool: 'b', ...active }),
    tool(OFFERED, { tool: 'a', ...active }),
    tool(OFFERED, { tool: 'x', state: 'refused' }),
    tool(OFFERED, { tool: 'y', pinnedHash: definitionHash(OFFERED) }),
    tool(OFFERED, { tool: 'z' }),
  ];
  expect(toolOrder(tools).map((one) => one.tool)).toEqual(['z', 'y', 'x', 'a', 'b']);
});
