import { listOf, type Settings } from './settings.ts';

/** `host:port` as an address has it, in lower case; undefined for anything else. */
function partyOf(text: string): string | undefined {
  const port = /:([0-9]{1,5})$/.exec(text)?.[1];
  const url = `https://${text}/`;
  if (port === undefined || Number(port) < 1 || !URL.canParse(url)) return undefined;
  const { hostname, pathname, username, search, hash } = new URL(url);
  const isPlain = pathname === '/' && `${username}${search}${hash}` === '';
  return isPlain ? `${hostname}:${Number(port)}` : undefined;
}

/** Reads `webhooks.allow`: where webhooks may go beside public https addresses. Throws `config_invalid`. */
export function webhookAllowFrom(settings: Settings): readonly string[] {
  return listOf(settings, 'webhooks.allow').map(
    (text) =>
      partyOf(text) ??
      settings.fail('webhooks.allow', 'expected host:port such as "127.0.0.1:9000" or "hooks.internal:443"'),
  );
}
