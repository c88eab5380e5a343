/** The statement is not what the screen shows. Nothing was signed. */
export interface Refusal extends Error {
  readonly name: 'Refusal';
}

export function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && error.name === 'Refusal';
}

export function refusal(cause: unknown): Refusal {
  const message = cause instanceof Error ? cause.message : String(cause);
  return Object.assign(new Error(message, { cause }), { name: 'Refusal' as const });
}
