import { systemStopwatch } from '../../../core/clock.ts';
import { drawLine } from './draw.ts';
import { connectHost } from './host.ts';
import { isObject, type Json } from './json.ts';
import { seekApproval } from './seek.ts';
import { approvalIn, approvalWaitedFor } from './status.ts';
import { applyHostContext, reportHeight } from './theme.ts';
import { createWatch } from './watch.ts';
import { wordsForModel } from './words.ts';

const PROTOCOL_VERSION = '2026-01-26';
/** After these there is nothing left to look for. */
const OVER: ReadonlySet<string> = new Set([
  'ui/notifications/tool-result',
  'ui/notifications/tool-cancelled',
  'ui/resource-teardown',
]);

const root = document.querySelector<HTMLElement>('main') ?? document.body;
/** What the host said when the card introduced itself. */
const known: { capabilities: Json; tool: unknown; answered: AbortController } = {
  capabilities: {},
  tool: undefined,
  answered: new AbortController(),
};

const host = connectHost(told);
const watch = createWatch(root, {
  host,
  now: systemStopwatch,
  opensLinks: () => isObject(known.capabilities.openLinks),
  onSettled(status) {
    if (!isObject(known.capabilities.updateModelContext)) return;
    const content = [{ type: 'text', text: wordsForModel(status) }];
    // Without it the model learns of the outcome when it asks: nothing is lost when a host declines.
    host.request('ui/update-model-context', { content }).catch(() => undefined);
  },
});

function follow(approvalId: string | undefined, otherwise: string): void {
  if (approvalId !== undefined) watch.follow(approvalId);
  else if (!watch.isFollowing()) drawLine(root, otherwise);
}

/** Looks for the approval of the call, for as long as its result has not come. */
function seek(args: unknown): void {
  if (typeof known.tool !== 'string' || watch.isFollowing()) return;
  const call = { tool: known.tool, arguments: isObject(args) ? args : {} };
  const { signal } = known.answered;
  void seekApproval(host, call, signal).then((id) => {
    if (id !== undefined) watch.follow(id);
  });
}

function told(method: string, params: Json): void {
  if (OVER.has(method)) known.answered.abort();
  if (method === 'ui/notifications/host-context-changed') applyHostContext(params);
  else if (method === 'ui/notifications/tool-input') {
    follow(approvalWaitedFor(known.tool, params.arguments), 'The call is under way.');
    seek(params.arguments);
  } else if (method === 'ui/notifications/tool-result')
    follow(approvalIn(params), 'No approval is waiting for this call.');
  else if (method === 'ui/notifications/tool-cancelled') follow(undefined, 'The call was cancelled.');
  else if (method === 'ui/resource-teardown') watch.stop();
}

async function start(): Promise<void> {
  const { hostCapabilities, hostContext } = await host.request('ui/initialize', {
    protocolVersion: PROTOCOL_VERSION,
    appInfo: { name: 'countersign-approval-card', version: '1' },
    appCapabilities: { availableDisplayModes: ['inline'] },
  });
  if (isObject(hostCapabilities)) known.capabilities = hostCapabilities;
  if (isObject(hostContext)) {
    applyHostContext(hostContext);
    const { toolInfo } = hostContext;
    if (isObject(toolInfo) && isObject(toolInfo.tool)) known.tool = toolInfo.tool.name;
  }
  host.notify('ui/notifications/initialized', {});
  reportHeight(root, (height) => host.notify('ui/notifications/size-changed', { height }));
}

start().catch(() => drawLine(root, 'This card is shown by a chat, beside a call that waits for a person.'));
