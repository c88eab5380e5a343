import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  ElicitationCompleteNotificationSchema,
  ElicitRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { onTestFinished } from 'vitest';
import type { McpAccess } from '../../support/agents.ts';

type Answer = { action: 'accept' | 'decline' | 'cancel' };

/** What the person at a client does when asked to open a page; `params` are those of `elicitation/create`. */
export type OnPage = (params: any) => Promise<Answer> | Answer;

/** An SDK client that declares that it can open pages, and keeps what it was asked and told. */
export interface OpeningClient {
  readonly name: string;
  readonly asked: any[];
  /** The ids of the elicitations that it was told are complete. */
  readonly completed: string[];
  call(name: string, args?: Record<string, unknown>): Promise<any>;
}

export const OPENS_PAGES = { elicitation: { url: {} } };

export async function openingV1(access: McpAccess, onPage: OnPage): Promise<OpeningClient> {
  const client = new LegacyClient({ name: 'v1-opening', version: '1' }, { capabilities: OPENS_PAGES });
  const asked: any[] = [];
  const completed: string[] = [];
  client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
    asked.push(params);
    return { ...(await onPage(params)) };
  });
  client.setNotificationHandler(ElicitationCompleteNotificationSchema, ({ params }) => {
    completed.push(params.elicitationId);
  });
  const requestInit = { headers: { ...access.headers } };
  const transport = new LegacyTransport(new URL(access.url), { requestInit });
  await client.connect(transport as Parameters<LegacyClient['connect']>[0]);
  onTestFinished(() => client.close());
  return {
    name: 'v1',
    asked,
    completed,
    call: (name, args = {}) => client.callTool({ name, arguments: args }),
  };
}

export async function openingV2(
  access: McpAccess,
  mode: 'legacy' | 'modern',
  onPage: OnPage,
): Promise<OpeningClient> {
  const versionNegotiation = mode === 'legacy' ? { mode } : { mode: { pin: '2026-07-28' } };
  const client = new ModernClient({ name: `v2-${mode}-opening`, version: '1' }, {
    capabilities: OPENS_PAGES,
    versionNegotiation,
  } as ConstructorParameters<typeof ModernClient>[1]);
  const asked: any[] = [];
  const completed: string[] = [];
  client.setRequestHandler('elicitation/create', async ({ params }) => {
    asked.push(params);
    return { ...(await onPage(params)) };
  });
  client.setNotificationHandler('notifications/elicitation/complete', ({ params }) => {
    completed.push(params.elicitationId);
  });
  const requestInit = { headers: { ...access.headers } };
  await client.connect(new ModernTransport(new URL(access.url), { requestInit }));
  onTestFinished(() => client.close());
  return {
    name: `v2 ${mode}`,
    asked,
    completed,
    call: (name, args = {}) => client.callTool({ name, arguments: args }),
  };
}
