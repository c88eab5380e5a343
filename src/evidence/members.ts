import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';

const HEX_256 = /^[0-9a-f]{64}$/;

const KINDS = {
  text: (value: JsonValue) => typeof value === 'string' && value !== '',
  texts: (value: JsonValue) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  count: (value: JsonValue) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0,
  flag: (value: JsonValue) => typeof value === 'boolean',
  commitment: (value: JsonValue) => typeof value === 'string' && HEX_256.test(value),
  object: (value: JsonValue) => isJsonObject(value),
  objects: (value: JsonValue) => Array.isArray(value) && value.every(isJsonObject),
} as const;

type Kind = keyof typeof KINDS;

/** What the members of an object must be; a `?` at the end lets one be absent. */
export type Shape = Readonly<Record<string, Kind | `${Kind}?`>>;

/** What is wrong with the named members of an object, or undefined. Other members are not looked at. */
export function shapeProblem(object: JsonObject, shape: Shape): string | undefined {
  for (const [member, expected] of Object.entries(shape)) {
    const optional = expected.endsWith('?');
    const kind = (optional ? expected.slice(0, -1) : expected) as Kind;
    const value = object[member];
    if (value === undefined ? !optional : !KINDS[kind](value)) return `its ${member} is not a ${kind}`;
  }
  return undefined;
}

/** Members that `shapeProblem` has accepted, read as what they are. */
export const textOf = (object: JsonObject, member: string): string => object[member] as string;
export const textsOf = (object: JsonObject, member: string): readonly string[] => object[member] as string[];
export const countOf = (object: JsonObject, member: string): number => object[member] as number;
export const objectOf = (object: JsonObject, member: string): JsonObject => object[member] as JsonObject;

/** Whether two lists hold the same texts in the same order. */
export function sameTexts(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, index) => text === other[index]);
}
