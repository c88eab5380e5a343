import { type CallToolResult, McpServer, type ToolAnnotations } from '@modelcontextprotocol/server';
import { type ApiAnswer, type ApiFetch, callApi } from './api-call.ts';
import { APPROVAL_TOOLS } from './approval-tools.ts';
import { JOB_TOOLS } from './job-tools.ts';
import { LOG_TOOLS } from './log-tools.ts';
import { SESSION_TOOLS } from './session-tools.ts';
import type { ControlTool } from './tool.ts';

const TOOLS: readonly ControlTool[] = [...SESSION_TOOLS, ...APPROVAL_TOOLS, ...JOB_TOOLS, ...LOG_TOOLS];

const INSTRUCTIONS =
  'Tools for whoever runs agents: they mint, narrow, list and revoke sessions, request approvals and wait for them, ' +
  'watch jobs and read the ledger. None of them approves or denies: that takes a person with a passkey, at the url of the approval.';

const ANNOTATIONS: Readonly<Record<ControlTool['effect'], ToolAnnotations>> = {
  reads: { readOnlyHint: true, openWorldHint: false },
  adds: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  ends: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
};

const ACCEPTED = 202;

/** What a model should do while an approval waits or work goes on; nothing where the answer is not one that does. */
function nextStep({ status, body }: ApiAnswer): string | undefined {
  if (status !== ACCEPTED) return undefined;
  const id = String(body.id);
  if (id.startsWith('job_'))
    return `The work has not ended. Call job_wait with {"job_id":"${id}"} again, until state says that it has.`;
  return (
    `Nobody has decided yet, and no tool here can. Ask a person to open ${String(body.url)}. Then call approval_wait with ` +
    `{"approval_id":"${String(body.id)}"}, as often as state is still pending.`
  );
}

/** The same body in both forms, for clients that know one or the other. */
function resultOf(answer: ApiAnswer): CallToolResult {
  const { status, text, body } = answer;
  const isError = status >= 400;
  // An OAuth endpoint calls its words error_description, every other route detail.
  const words = isError ? (body.detail ?? body.error_description) : nextStep(answer);
  const said = typeof words === 'string' ? [words] : [];
  return {
    content: [...said, text].map((one) => ({ type: 'text', text: one })),
    structuredContent: body,
    isError,
  };
}

/** What a control server works with; `token` is the credential of whoever calls. */
export interface ControlServerDeps {
  readonly identity: { readonly name: string; readonly version: string };
  readonly api: ApiFetch;
  readonly publicOrigin: string;
  readonly log: { error(fields: object, message: string): void };
}

/**
 * The MCP server of one request, acting with the caller's own credential. A refusal of the API is a tool error whose text
 * says what to do.
 */
export function createControlServer(
  deps: ControlServerDeps,
  caller: { token: string; signal: AbortSignal },
): McpServer {
  const server = new McpServer(deps.identity, {
    capabilities: { tools: { listChanged: false } },
    instructions: INSTRUCTIONS,
  });
  for (const { name, title, description, input, effect, call } of TOOLS) {
    const annotations = ANNOTATIONS[effect];
    server.registerTool(
      name,
      { title, description, inputSchema: input, annotations },
      async (args, context) => {
        const signal = AbortSignal.any([caller.signal, context.mcpReq.signal]);
        const { token } = caller;
        try {
          return resultOf(await callApi(deps.api, call(args), { origin: deps.publicOrigin, token, signal }));
        } catch (err) {
          deps.log.error({ err, tool: name }, 'a control tool failed');
          const text = 'Something went wrong inside the gateway. Its diagnostics log says what.';
          return { content: [{ type: 'text', text }], isError: true };
        }
      },
    );
  }
  return server;
}
