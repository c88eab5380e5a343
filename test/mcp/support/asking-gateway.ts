import { fileURLToPath } from 'node:url';
import { BASE_POLICY, startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { type ModernAsker, startModernAsker } from './modern-asker.ts';

const V1_ASKER = fileURLToPath(new URL('../../support/downstreams/v1-asker-main.ts', import.meta.url));
export const ALL_KINDS = ['elicitation', 'elicitation_url', 'sampling', 'roots'];

/** Allows everything of the servers that ask, save the secret resource. */
export const ASKING_POLICY = `${BASE_POLICY}  - id: asking
    match: { tools: ["old/*", "modern/*", "deaf/*", "shy/*"] }
    effect: allow
  - id: readable
    match: { kinds: [resource, prompt], tools: ["old/*", "modern/*", "deaf/*"] }
    effect: allow
  - id: secret
    match: { kinds: [resource], tools: ["modern/modern://secret"] }
    effect: deny
    reason: Nobody reads this.
`;

/** A gateway in front of servers that ask: `old` and `modern` may, `shy` may ask for a form only, `deaf` nothing. */
export interface AskingGateway {
  readonly gateway: TestGateway;
  readonly modern: ModernAsker;
  /** The bodies of all entries of a type, newest last. */
  entries(type: string): Promise<any[]>;
  close(): Promise<void>;
}

export async function startAskingGateway(): Promise<AskingGateway> {
  const modern = await startModernAsker();
  const stdio = { command: process.execPath, args: [V1_ASKER] };
  const servers = {
    old: { ...stdio, prefix: 'old', relay: ALL_KINDS },
    modern: { url: modern.url, prefix: 'modern', relay: ALL_KINDS },
    shy: { ...stdio, prefix: 'shy', relay: ['elicitation'] },
    deaf: { ...stdio, prefix: 'deaf' },
  };
  const gateway = await startTestGateway({ policy: ASKING_POLICY, servers });
  return {
    gateway,
    modern,
    async entries(type) {
      const { body } = await gateway.api('GET', `/v1/logs?type=${type}&limit=200`);
      const entries: any[] = body.data ?? body.entries ?? body.items;
      return entries.filter((entry) => entry.type === type).sort((one, other) => one.seq - other.seq);
    },
    async close() {
      await gateway.close();
      await modern.close();
    },
  };
}
