import { startTestGateway } from '../support/gateway.ts';
import { type Eras, startFixture } from './fixture/start.ts';
import type { Revision } from './suite.ts';

export const TOPOLOGIES = ['transparent', 'union', 'crossed'] as const;
export type Topology = (typeof TOPOLOGIES)[number];

/** An address to run a suite against, which holds nothing of any other run. */
export interface Target {
  readonly url: string;
  close(): Promise<void>;
}

const RELAY = ['elicitation', 'elicitation_url', 'sampling', 'roots'];

const ALLOW = `version: 1
defaults: { effect: deny }
rules:
  - id: all
    match: { tools: ["*"], kinds: [tool, resource, prompt] }
    effect: allow
`;

/** As `ALLOW`, but for a tool of the second server and one of the fixture, which wait for a person. */
const GATED = `${ALLOW}
  - id: payments
    match: { tools: ["oracle/pay", "fixture/test_passing"] }
    effect: hold
    risk: high
    reason: Money leaves the company.
`;

/** The fixture by itself. */
export function openDirect(): Promise<Target> {
  return startFixture();
}

/**
 * A gateway with the fixture behind it, reached by the secret address of a session that may use all of it.
 * `transparent`: the fixture speaks the era of the suite, and there is nothing else. `union`: it speaks both eras, beside
 * another server with a prefix and tools that are held. `crossed`: it speaks only the era that the suite does not.
 */
export async function openThrough(topology: Topology, revision: Revision): Promise<Target> {
  const own = revision === '2026-07-28' ? 'modern' : 'legacy';
  const other = own === 'modern' ? 'legacy' : 'modern';
  const fixture = await startFixture({ transparent: own, union: 'both', crossed: other }[topology] as Eras);
  const gateway = await startTestGateway({
    policy: topology === 'union' ? GATED : ALLOW,
    oracle: topology === 'union' ? { prefix: 'second' } : false,
    servers: { fixture: { type: 'http', url: fixture.url, relay: RELAY } },
    // A server without tasks has only calls that take long, and what the suites call long is short.
    settings: topology === 'crossed' ? { jobs: { detach_after: '700ms' } } : {},
  });
  const { status, body } = await gateway.api('POST', '/v1/sessions', {});
  if (status !== 201) throw new Error(`no session was minted: ${JSON.stringify(body)}`);
  return {
    url: body.mcp.secret_url,
    async close() {
      await gateway.close();
      await fixture.close();
    },
  };
}
