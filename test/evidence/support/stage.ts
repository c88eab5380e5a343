import type { JsonObject } from '../../../src/core/json.ts';
import { type Asked, approve, ask, decide } from './approvals.ts';
import { mint } from './cast.ts';
import { founders, genesis } from './good-log.ts';
import { createScribe, type Scribe } from './scribe.ts';

export interface Stage {
  readonly scribe: Scribe;
  readonly cast: ReturnType<typeof founders>;
  readonly asked: Asked;
}

/** A log with a pending request `apr_1` of the session `ses_1`, up to where a test goes on. */
export function pendingStage(body: JsonObject = {}, how: { subject?: string } = {}): Stage {
  const scribe = createScribe();
  genesis(scribe);
  const cast = founders(scribe);
  const session = mint(scribe, 'ses_1');
  return { scribe, cast, asked: ask(scribe, { id: 'apr_1', session, body, ...how }) };
}

/** The same, approved by Bob. */
export function approvedStage(body: JsonObject = {}): Stage {
  const stage = pendingStage(body);
  decide(stage.scribe, stage.asked, stage.cast.bob);
  approve(stage.scribe, stage.asked);
  return stage;
}
