import { expect, it } from 'vitest';
import { connectLines } from '../../src/sdk/connect-lines.ts';

it('the link for Cursor holds the address and the headers, whatever characters they have', () => {
  const access = { url: 'http://localhost:8420/mcp', headers: { Authorization: 'Bearer cst_ü' } };
  const cursor = connectLines(access, 'näme').find(({ id }) => id === 'cursor');
  const link = new URL(cursor?.steps[0]?.paste ?? '');
  expect(link.searchParams.get('name')).toBe('näme');
  const config = Buffer.from(link.searchParams.get('config') ?? '', 'base64').toString('utf8');
  expect(JSON.parse(config)).toEqual(access);
});
