import { LIMITS } from '../core/limits.ts';
import type { Settings } from './settings.ts';

/** Requests to the API in a minute: of each caller, and of each address whose requests say of nobody who sends them. */
export interface ApiPerMinute {
  readonly caller: number;
  readonly stranger: number;
}

function perMinute({ at, fail }: Settings, key: string, fallback: number): number {
  const value = at(key) ?? fallback;
  const isCount =
    typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= LIMITS.apiPerMinuteMax;
  return isCount ? value : fail(key, `expected a whole number from 1 to ${LIMITS.apiPerMinuteMax}`);
}

/** Reads `api`. Throws `config_invalid`. */
export function apiRatesFrom(settings: Settings): ApiPerMinute {
  return {
    caller: perMinute(settings, 'api.requests_per_minute', LIMITS.apiPerMinute),
    stranger: perMinute(settings, 'api.anonymous_per_minute', LIMITS.apiAnonymousPerMinute),
  };
}
