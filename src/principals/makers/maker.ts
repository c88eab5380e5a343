/**
 * Who stands behind whoever asks, beside its subject: the person who made it, through every API key and session on the
 * way. `keys` is how many API keys stand between. `nobody` is the gateway itself, which made its first key and session.
 * `unknown` is what cannot be followed to an end: a row that is missing, or a circle.
 */
export type Maker =
  | { readonly kind: 'person'; readonly person: string; readonly keys: number }
  | { readonly kind: 'nobody' }
  | { readonly kind: 'unknown' };

/** The maker at the end of a chain of references, each of which was made by another of them; in any order. */
export function makerAmong(chain: readonly string[]): Maker {
  const person = chain.find((ref) => ref.startsWith('person:'));
  if (person !== undefined) {
    return { kind: 'person', person, keys: chain.filter((ref) => ref.startsWith('api_key:')).length };
  }
  return { kind: chain.some((ref) => ref.startsWith('gateway:')) ? 'nobody' : 'unknown' };
}
