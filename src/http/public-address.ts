import { BlockList, isIP } from 'node:net';

/** What IANA keeps for special purposes in IPv4 (RFC 6890 and its registry). */
const SPECIAL_V4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** The part of IPv6 that is given out (RFC 4291 §2.4), and what of it leads elsewhere: Teredo, ORCHID, examples, 6to4. */
const GLOBAL_V6 = ['2000::', 3] as const;
const SPECIAL_V6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

function listOf(family: 'ipv4' | 'ipv6', ranges: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of ranges) list.addSubnet(net, prefix, family);
  return list;
}

/** True for an address that anybody on the internet may have; false for any other text. Mapped addresses are not public. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !listOf('ipv4', SPECIAL_V4).check(address, 'ipv4');
  if (isIP(address) !== 6) return false;
  const given = listOf('ipv6', [GLOBAL_V6]).check(address, 'ipv6');
  return given && !listOf('ipv6', SPECIAL_V6).check(address, 'ipv6');
}
