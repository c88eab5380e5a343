import { CountersignError } from '../../core/errors.ts';
import { decodeUtf8 } from '../../core/json.ts';
import { readBytes } from '../body.ts';
import type { ApiContext } from '../context.ts';

const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;
const FORM_BYTES = 64 * 1024;

/** The parameters of a request to an OAuth endpoint (RFC 6749 §3.2): each at most once, empty ones left out. */
export interface Form {
  get(name: string): string | undefined;
  /** Throws `invalid_request` naming the parameter when it is missing. */
  require(name: string, expected: string): string;
}

/** What is wrong with the request as a whole stands under `body`; some parameters have errors of their own. */
function refuse(name: string, expected: string, field = name): CountersignError {
  return new CountersignError('invalid_request', `${name}: expected ${expected}`, {
    fields: [{ field, expected }],
  });
}

/**
 * Reads a form body. Throws `invalid_request` for another media type, a repeated parameter, a NUL, or text that is not
 * UTF-8.
 */
export async function readForm(c: ApiContext): Promise<Form> {
  if (!FORM_TYPE.test(c.req.header('content-type') ?? ''))
    throw refuse('Content-Type', 'application/x-www-form-urlencoded');
  const text = decodeUtf8(await readBytes(c, FORM_BYTES));
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (values.has(name)) throw refuse(name, 'this parameter once, but it is repeated', 'body');
    if (value.includes('\0')) throw refuse(name, 'text without NUL', 'body');
    values.set(name, value);
  }
  const get = (name: string): string | undefined => values.get(name) || undefined;
  return {
    get,
    require(name, expected) {
      const value = get(name);
      if (value === undefined) throw refuse(name, `${expected}, but it is missing`, 'body');
      return value;
    },
  };
}

/** A parameter that is a whole number within bounds, if it is there. Throws `invalid_request`. */
export function wholeNumberOf(
  form: Form,
  name: string,
  bounds: { min: number; max: number },
): number | undefined {
  const text = form.get(name);
  if (text === undefined) return undefined;
  const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= bounds.min && value <= bounds.max) return value;
  throw refuse(name, `a whole number from ${bounds.min} to ${bounds.max}`);
}
