import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { onTestFinished } from 'vitest';
import type { McpAccess } from '../../support/agents.ts';

export const ANSWERS = {
  elicitation: { action: 'accept', content: { word: 'hello' } },
  elicitation_url: { action: 'accept' },
  sampling: { role: 'assistant', content: { type: 'text', text: 'hi' }, model: 'm', stopReason: 'endTurn' },
  roots: { roots: [{ uri: 'file:///home' }] },
} as const;

/** An SDK client that can be asked everything, answers with `ANSWERS`, and keeps what it was asked. */
export interface AnsweringClient {
  readonly name: string;
  readonly asked: any[];
  call(name: string, args?: Record<string, unknown>): Promise<any>;
  prompt(name: string): Promise<any>;
  read(uri: string): Promise<any>;
}

export const CLIENT_KINDS = ['v1', 'v2 legacy', 'v2 modern'] as const;
export type ClientKind = (typeof CLIENT_KINDS)[number];

const CAPABILITIES = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
const answerTo = ({ method, params }: any): any => {
  if (method === 'sampling/createMessage') return ANSWERS.sampling;
  if (method === 'roots/list') return ANSWERS.roots;
  return params.mode === 'url' ? ANSWERS.elicitation_url : ANSWERS.elicitation;
};

export async function connectAnswering(access: McpAccess, kind: ClientKind): Promise<AnsweringClient> {
  const asked: any[] = [];
  const answer = async (request: any): Promise<any> => {
    asked.push(request);
    return answerTo(request);
  };
  const requestInit = { headers: { ...access.headers } };
  if (kind === 'v1') {
    const client = new LegacyClient({ name: kind, version: '1' }, { capabilities: CAPABILITIES });
    client.setRequestHandler(ElicitRequestSchema, answer);
    client.setRequestHandler(CreateMessageRequestSchema, answer);
    client.setRequestHandler(ListRootsRequestSchema, answer);
    const transport = new LegacyTransport(new URL(access.url), { requestInit });
    await client.connect(transport as Parameters<LegacyClient['connect']>[0]);
    onTestFinished(() => client.close());
    return {
      name: kind,
      asked,
      call: (name, args = {}) => client.callTool({ name, arguments: args }),
      prompt: (name) => client.getPrompt({ name }),
      read: (uri) => client.readResource({ uri }),
    };
  }
  const versionNegotiation = kind === 'v2 legacy' ? { mode: 'legacy' } : { mode: { pin: '2026-07-28' } };
  const client = new ModernClient({ name: kind, version: '1' }, {
    capabilities: CAPABILITIES,
    versionNegotiation,
  } as ConstructorParameters<typeof ModernClient>[1]);
  client.setRequestHandler('elicitation/create', answer);
  client.setRequestHandler('sampling/createMessage', answer);
  client.setRequestHandler('roots/list', answer);
  await client.connect(new ModernTransport(new URL(access.url), { requestInit }));
  onTestFinished(() => client.close());
  return {
    name: kind,
    asked,
    call: (name, args = {}) => client.callTool({ name, arguments: args }),
    prompt: (name) => client.getPrompt({ name }),
    read: (uri) => client.readResource({ uri }),
  };
}
