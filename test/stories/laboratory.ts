import { join } from 'node:path';
import { temporaryFolder } from '../support/downstreams/harness.ts';
import { BASE_POLICY, type TestGatewayOptions } from '../support/gateway.ts';

const COMPANY = new URL('../../src/demo/main.ts', import.meta.url).pathname;

const POLICY = `${BASE_POLICY}  - id: research
    match: { tools: ["sandbox/research_start", "sandbox/research_status", "sandbox/research_cancel"] }
    effect: allow
    redact: ["result:/report"]
  - id: images
    match: { tools: ["sandbox/image_generate"] }
    effect: hold
    risk: low
    reason: Images cost money.
`;

/** A gateway with the sandbox company behind it, whose research is followed by asking. A step of its work takes `stepMs`. */
export function laboratory(input: { stepMs: number; policy?: string }): TestGatewayOptions {
  const args = [COMPANY, join(temporaryFolder(), 'company'), String(input.stepMs)];
  const pair = {
    server: 'sandbox',
    start: 'research_start',
    poll: 'research_status',
    cancel: 'research_cancel',
    id: '/research_id',
    progress: '/step',
    total: '/steps',
    message: '/doing',
    every: '100ms',
  };
  return {
    policy: input.policy ?? POLICY,
    servers: { sandbox: { command: process.execPath, args } },
    settings: { jobs: { pairs: [pair] } },
  };
}
