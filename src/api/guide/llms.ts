/** What a language model should read of a gateway (llmstxt.org). `origin` is the gateway's public one. */
export function llmsText(origin: string): string {
  return `# Countersign

> A Model Context Protocol gateway. Harmless tool calls pass; risky ones are frozen, byte for byte, until a person signs
> exactly that call with a passkey. Then the gateway makes the call itself, at most once. Every step is on a signed ledger.

No API key, session, tool or argument can approve. A held call answers with "pending_approval", an approval id and a link
for a person; the outcome is collected with the tool approval_wait, or by GET /v1/approvals/{id}/wait.

## Start here

- [Skill](${origin}/skill.md): how an agent connects, makes its first gated call, waits, and looks around
- [Reference](${origin}/docs): every route of the REST API, every schema, every problem
- [OpenAPI 3.1](${origin}/v1/openapi.json): the same for programs

## Endpoints

- ${origin}/mcp: MCP (Streamable HTTP) for agents, with a session token or OAuth
- ${origin}/mcp/control: MCP for whoever runs agents, with an API key
- ${origin}/v1: the REST API, with an API key
- [Health](${origin}/healthz), [readiness](${origin}/readyz)

## Discovery

- [OAuth protected resource](${origin}/.well-known/oauth-protected-resource/mcp)
- [OAuth authorization server](${origin}/.well-known/oauth-authorization-server)
- [Keys of capabilities](${origin}/.well-known/jwks.json)
- [AuthZEN](${origin}/.well-known/authzen-configuration)
`;
}
