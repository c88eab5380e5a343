import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Office, openOffice } from './support/office.ts';
import { type Operation, requestOf } from './support/requests.ts';

const REQUESTS = Number(process.env.COUNTERSIGN_FUZZ ?? 10_000);
const SEED = Number(process.env.COUNTERSIGN_FUZZ_SEED ?? 20_261_122);

let office: Office;
beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office.close());

/** What the document describes, streams aside, which do not end by themselves. */
function operations(document: any): Operation[] {
  return Object.entries<object>(document.paths).flatMap(([path, methods]) =>
    Object.entries<any>(methods)
      .filter(([, spec]) => spec.responses[200]?.content?.['text/event-stream'] === undefined)
      .map(([method, spec]) => ({ method: method.toUpperCase(), path, spec })),
  );
}

async function knownIds(): Promise<string[]> {
  const asked = { action: 'pay', resource: 'c_1' };
  const approval = (await office.ask('POST', '/v1/approvals', { body: asked })).body.id;
  const session = (await office.ask('POST', '/v1/sessions', { body: { subject: 'ann' } })).body.id;
  return [approval, session, office.person.id, 'oracle', 'pay', 'oracle/*', 'ann'];
}

it('answers anything with what its document says, and never with a fault of its own', {
  timeout: 120_000,
}, async () => {
  const known = await knownIds();
  const all = operations(office.document);
  const callers = [office.gateway.apiKey, office.person.cookie, office.keys.reader, undefined];
  const requests = fc.tuple(
    fc.constantFrom(...all).chain((one) => requestOf(one, office.document, known)),
    fc.constantFrom(...callers),
  );
  const seen = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(requests, async ([request, as]) => {
      const { method, target, body, contentType } = request;
      const answer = await office.ask(method, target, { as, body, headers: { 'content-type': contentType } });
      seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
      expect(answer.status, `${method} ${target} ${body} ${answer.text}`).toBeLessThan(500);
    }),
    { numRuns: REQUESTS, seed: SEED },
  );
  // A generator that only made nonsense would prove little.
  expect(seen.get(200) ?? 0).toBeGreaterThan(REQUESTS / 20);
});
