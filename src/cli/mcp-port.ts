/** What an MCP endpoint did when it was connected to. */
export type McpFinding =
  | {
      readonly kind: 'answers';
      readonly era: 'legacy' | 'modern';
      readonly protocolVersion: string;
      readonly tools: number;
    }
  /** It wants OAuth and says where its metadata is; a client opens the browser then. */
  | { readonly kind: 'asks_to_log_in'; readonly metadataUrl: string }
  | { readonly kind: 'refused'; readonly reason: string };
