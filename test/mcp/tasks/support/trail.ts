import type { TestGateway } from '../../../support/gateway.ts';

/** The ledger's entries of one type about one session, oldest first. */
export async function trail(gateway: TestGateway, sessionId: string, type: string): Promise<any[]> {
  const { body } = await gateway.api('GET', `/v1/logs?type=${type}&session=${sessionId}&limit=100`);
  return [...body.data].sort((a: any, b: any) => a.seq - b.seq);
}

/** Resolves once the entries of a session are as many as wanted. */
export async function trailOf(
  gateway: TestGateway,
  sessionId: string,
  wanted: { type: string; count: number },
): Promise<any[]> {
  for (;;) {
    const found = await trail(gateway, sessionId, wanted.type);
    if (found.length >= wanted.count) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
