import { expect, test } from 'vitest';
import { isCountersignError } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { McpRequest } from '../../src/mcp/request.ts';
import { openState, sealState } from '../../src/mcp/request-state.ts';
import { openRetry } from '../../src/mcp/retry.ts';
import { answerRetry, tellHeldCall, type WayDeps } from '../../src/mcp/ways.ts';
import { openDesk } from '../approvals/desk.ts';
import { OPENS_PAGES } from './support/opening-clients.ts';

/** The request of a client that comes back with this state. */
async function comeBack(deps: WayDeps, given: McpRequest, text: string): Promise<string> {
  const request = { ...given, retry: { state: text, responses: {} } };
  const state = openRetry(deps, request);
  if (state?.kind !== 'held') throw new Error('it is the state of no held call');
  return answerRetry(deps, request, state);
}

/** A held call whose waits pass at once, by a clock of their own. */
async function startHold() {
  const desk = await openDesk();
  const { session } = desk;
  const { approval } = await desk.hold();
  const clock = { now: approval.requestedAt };
  const progress: unknown[] = [];
  const sealing = { key: new Uint8Array(32).fill(7), random: (size: number) => new Uint8Array(size).fill(1) };
  const deps: WayDeps = {
    getApproval: async () => approval,
    wait: async ({ timeoutMs }) => {
      clock.now += timeoutMs;
      return approval;
    },
    now: () => clock.now,
    stopping: new AbortController().signal,
    publicOrigin: 'https://gate.example',
    sealing,
    identity: { name: 'countersign', version: '1' },
  };
  const request: McpRequest = {
    session,
    era: 'modern',
    method: 'tools/call',
    params: { name: 'pay', arguments: { amount_cents: 7500 } },
    clientCapabilities: OPENS_PAGES,
    onProgress: (one) => progress.push(one.progress),
  };
  return { approval, clock, deps, progress, request, sealing, session };
}

test('a client is asked for the page once, then to come back, and gets the plain result before SDKs give up', async () => {
  const { approval, clock, deps, request, progress } = await startHold();
  const results: any[] = [JSON.parse(await tellHeldCall(deps, request, approval))];
  while (results.at(-1).requestState !== undefined) {
    results.push(JSON.parse(await comeBack(deps, request, results.at(-1).requestState)));
  }
  expect(results.map((one) => one.inputRequests !== undefined)).toEqual([true, ...Array(8).fill(false)]);
  expect(results.at(-1).structuredContent).toMatchObject({
    status: 'pending_approval',
    approval_id: approval.id,
  });
  expect(clock.now - approval.requestedAt).toBe(8 * LIMITS.approvalWaitMaxMs);
  expect(progress).toEqual(Array(8).fill([1, 2, 3, 4]).flat());
});

test('a call that is approved already is not asked about again', async () => {
  const { approval, deps, request } = await startHold();
  const told = JSON.parse(await tellHeldCall(deps, request, { ...approval, state: 'executing' }));
  expect(Object.keys(told)).toEqual(['resultType', 'requestState']);
});

test('a request state opens in its session alone, and until a day after its approval has run out', async () => {
  const { approval, clock, deps, request, sealing, session } = await startHold();
  const { requestState: text } = JSON.parse(await tellHeldCall(deps, request, approval));
  const end = approval.expiresAt + LIMITS.requestStateGraceMs;
  const open = (now: number, sessionId = session.id) => openState(sealing, { sessionId, text, now });
  expect(open(end - 1)).toMatchObject({ approvalId: approval.id, round: 1, expiresAt: end });
  expect([open(end), open(end - 1, 'ses_other')]).toEqual([undefined, undefined]);
  clock.now = end;
  const refusal = await comeBack(deps, request, text).catch((error) => error);
  expect(isCountersignError(refusal) && refusal.code).toBe('invalid_request');
});

test('a request state that names an approval of another session finds none', async () => {
  const { approval, deps, request, sealing, session } = await startHold();
  const { requestState } = JSON.parse(await tellHeldCall(deps, request, approval));
  const own = openState(sealing, { sessionId: session.id, text: requestState, now: approval.requestedAt });
  const text = sealState(sealing, session.id, { ...own!, round: 2 });
  const foreign = { ...deps, getApproval: async () => ({ ...approval, sessionId: 'ses_other' }) };
  const refusal = await comeBack(foreign, request, text).catch((error) => error);
  expect(isCountersignError(refusal) && refusal.code).toBe('not_found');
});
