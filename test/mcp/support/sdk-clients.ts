import { connectV1, connectV2, type McpAccess } from '../../support/agents.ts';

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: { readonly progress: number }) => void;
}

/** One of the SDK's clients, as an agent would use it. */
export interface SdkAgent {
  readonly name: string;
  call(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<any>;
  list(): Promise<any[]>;
  close(): Promise<void>;
}

/** The v1 client, and the v2 client in each of its modes. */
export async function sdkAgents(access: McpAccess): Promise<SdkAgent[]> {
  const v1 = await connectV1(access);
  const first: SdkAgent = {
    name: 'v1',
    call: (name, args = {}, options = {}) => v1.callTool({ name, arguments: args }, undefined, options),
    list: async () => (await v1.listTools()).tools,
    close: () => v1.close(),
  };
  const others = (['auto', 'modern', 'legacy'] as const).map(async (mode): Promise<SdkAgent> => {
    const v2 = await connectV2(access, mode);
    return {
      name: `v2 ${mode}`,
      call: (name, args = {}, options = {}) => v2.callTool({ name, arguments: args }, options),
      list: async () => (await v2.listTools()).tools,
      close: () => v2.close(),
    };
  });
  return [first, ...(await Promise.all(others))];
}
