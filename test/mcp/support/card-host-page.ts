import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import {
  AppBridge,
  getToolUiResourceUri,
  PostMessageTransport,
  RESOURCE_MIME_TYPE,
} from '@modelcontextprotocol/ext-apps/app-bridge';

// These tests are compiled without the types of the DOM; this file is bundled for a browser.
declare const document: any;
declare const window: any;
declare const location: any;

/** A chat in a browser, as a page: a real client, and the official bridge to the card beside a call. */
const chat = {
  client: undefined as Client | undefined,
  bridge: undefined as AppBridge | undefined,
  /** Pages that the card asked to open. */
  opened: [] as string[],
  /** Whether the chat opens pages. */
  opens: true,
  /** What the card told the model. */
  contexts: [] as string[],
  /** The names of the tools that were called since the card was opened: by the chat once, then by the card. */
  called: [] as string[],

  async connect(era: 'legacy' | 'modern', opensPages: boolean): Promise<void> {
    const mode = era === 'legacy' ? ('legacy' as const) : { pin: '2026-07-28' };
    const extensions = { 'io.modelcontextprotocol/ui': { mimeTypes: [RESOURCE_MIME_TYPE] } };
    chat.client = new Client(
      { name: 'chat', version: '1' },
      {
        capabilities: { extensions, ...(opensPages ? { elicitation: { url: {} } } : {}) },
        versionNegotiation: { mode },
      },
    );
    if (opensPages) chat.client.setRequestHandler('elicitation/create', async () => ({ action: 'accept' }));
    const request = chat.client.request.bind(chat.client) as (...args: any[]) => any;
    chat.client.request = (...args: any[]) => {
      if (args[0].method === 'tools/call') chat.called.push(args[0].params.name);
      return request(...args);
    };
    await chat.client.connect(new StreamableHTTPClientTransport(new URL('/mcp', location.href)));
  },

  /** Shows the card of a tool. */
  async show(name: string, more: { theme?: 'light' | 'dark'; capabilities?: object } = {}): Promise<void> {
    const client = chat.client as Client;
    const tool = (await client.listTools()).tools.find((one) => one.name === name);
    const uri = tool === undefined ? undefined : getToolUiResourceUri(tool);
    if (tool === undefined || uri === undefined) throw new Error(`${name} has no card`);
    const [content] = (await client.readResource({ uri })).contents as any[];
    if (content?.mimeType !== RESOURCE_MIME_TYPE) throw new Error(`${uri} is no card`);
    const { csp } = content._meta.ui;

    document.querySelector('iframe')?.remove();
    const frame = document.createElement('iframe');
    frame.sandbox = 'allow-scripts allow-same-origin';
    frame.src = `${window.sandboxOrigin}/sandbox?csp=${encodeURIComponent(JSON.stringify(csp))}`;
    document.body.append(frame);
    const capabilities = more.capabilities ?? { openLinks: {}, serverTools: {}, updateModelContext: {} };
    const bridge = new AppBridge(client, { name: 'chat', version: '1' }, capabilities, {
      hostContext: { theme: more.theme ?? 'light', toolInfo: { tool } },
    });
    chat.bridge = bridge;
    bridge.onopenlink = async ({ url }) => {
      if (chat.opens) chat.opened.push(url);
      return chat.opens ? {} : { isError: true };
    };
    bridge.onupdatemodelcontext = async ({ content: blocks = [] }) => {
      chat.contexts.push(...blocks.map((block) => ('text' in block ? block.text : '')));
      return {};
    };
    bridge.onsizechange = ({ height }) => {
      if (height !== undefined) frame.style.height = `${height}px`;
    };
    const initialized = new Promise<void>((resolve) => {
      bridge.oninitialized = () => resolve();
    });
    bridge.onsandboxready = () => void bridge.sendSandboxResourceReady({ html: content.text, csp });
    await bridge.connect(new PostMessageTransport(frame.contentWindow, frame.contentWindow));
    await initialized;
  },

  theme: (theme: 'light' | 'dark') => chat.bridge?.sendHostContextChange({ theme }),

  /** Calls a tool, with its card beside the call, as a chat does. */
  async call(name: string, args: Record<string, unknown>, more: object = {}): Promise<unknown> {
    await chat.show(name, more);
    await chat.bridge?.sendToolInput({ arguments: args });
    const result = await (chat.client as Client).callTool({ name, arguments: args });
    await chat.bridge?.sendToolResult(result as never);
    return result;
  },
};

window.chat = chat;
