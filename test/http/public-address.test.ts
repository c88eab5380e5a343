import { describe, expect, it } from 'vitest';
import { createAddressCheck, systemResolve } from '../../src/http/outbound.ts';
import { isPublicAddress } from '../../src/http/public-address.ts';

const PRIVATE = [
  '127.0.0.1',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '198.18.0.1',
  '192.0.2.1',
  '224.0.0.1',
  '255.255.255.255',
  '::1',
  '::',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  'fe80::1',
  'fc00::1',
  'ff02::1',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  '2001:db8::1',
  '2001::1',
];
const PUBLIC = ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450:4001::200e'];

it('an address is public only where anybody may have it', () => {
  expect(PRIVATE.filter(isPublicAddress)).toEqual([]);
  expect(PUBLIC.filter(isPublicAddress)).toEqual(PUBLIC);
  expect(['localhost', '', '1.2.3', 'example.com'].filter(isPublicAddress)).toEqual([]);
});

describe('the check before anything is sent', () => {
  const names: Record<string, string[]> = {
    'hooks.example': ['93.184.215.14'],
    'inside.example': ['93.184.215.14', '10.0.0.7'],
  };
  const resolve = async (host: string) => names[host] ?? [];
  const check = createAddressCheck(
    { allowLoopback: false, allow: ['127.0.0.1:9000', 'inside.example:80'] },
    resolve,
  );

  it.each([
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f.0.0.1/',
    'https://0177.0.0.1/',
    'https://[::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[::ffff:a00:1]/',
    'https://10.0.0.1/',
    'https://169.254.169.254/latest/meta-data',
    'https://inside.example/in',
    'https://127.0.0.1:9001/',
  ])('refuses %s, and names no address that a name leads to', async (url) => {
    await expect(check(url)).rejects.toMatchObject({
      code: 'invalid_request',
      message: `url: ${new URL(url).host} is not a public address`,
      fields: [{ field: 'url' }],
    });
  });

  it.each([
    'http://hooks.example/',
    'ftp://127.0.0.1:9000/',
    'https://me:pw@hooks.example/',
    'http://127.0.0.1:9001/',
  ])('refuses %s by its text', async (url) => {
    await expect(check(url)).rejects.toThrow(/^url: expected/);
  });

  it.each([
    'https://hooks.example/in',
    'https://nobody-yet.example/in',
    'http://127.0.0.1:9000/in',
    'https://127.0.0.1:9000/in',
    'http://inside.example/in',
  ])('lets %s through', async (url) => {
    await expect(check(url)).resolves.toBeUndefined();
  });

  it('asks the system where a name leads, and takes no answer for none', async () => {
    expect(await systemResolve('localhost')).toContain('127.0.0.1');
    expect(await systemResolve('no-such-name.invalid')).toEqual([]);
  });
});
