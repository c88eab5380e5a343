import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toRfc3339 } from '../core/clock.ts';
import { isCountersignError } from '../core/errors.ts';
import type { PrincipalDeps } from '../principals/deps.ts';
import { createKey, hadKeys } from '../principals/keys.ts';
import { createBootstrapInvite, requireInvite } from '../principals/web/invite.ts';
import type { SessionDirectory } from '../sessions/directory.ts';
import { type MintDeps, mintSession } from '../sessions/mint.ts';
import { mcpAccess } from '../sessions/session.ts';

/** What a start prints and keeps: credentials that exist nowhere else in clear text. */
export interface Credentials {
  readonly apiKey: string | undefined;
  readonly enrolUrl: string | undefined;
  readonly session: { readonly id: string; readonly token: string; readonly expiresAt: string };
}

export interface FirstStartDeps {
  readonly dataDir: string;
  readonly origin: string;
  readonly principals: PrincipalDeps;
  readonly sessions: SessionDirectory;
  readonly mint: MintDeps;
  readonly newEnrolLink: boolean;
}

const BY = 'gateway:start';
const STARTER_TTL_MS = 24 * 3_600_000;

function writePrivate(file: string, value: object | string): void {
  writeFileSync(file, typeof value === 'string' ? value : `${JSON.stringify(value, null, 2)}\n`, {
    mode: 0o600,
  });
  chmodSync(file, 0o600);
}

function readJson(file: string): Record<string, unknown> | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** The session that clients were set up with, if it is still alive; otherwise a new one, kept in `session.json`. */
async function starterSession(deps: FirstStartDeps): Promise<Credentials['session']> {
  const file = join(deps.dataDir, 'session.json');
  const token = readJson(file)?.token;
  const known = typeof token === 'string' ? await deps.sessions.authenticate(token) : undefined;
  const session =
    known !== undefined && typeof token === 'string'
      ? { id: known.id, token, expiresAt: toRfc3339(known.expiresAt) }
      : await mintSession(deps.mint, { ttlMs: STARTER_TTL_MS, labels: { made_by: 'start' } }, BY).then(
          (minted) => ({
            id: minted.session.id,
            token: minted.token,
            expiresAt: toRfc3339(minted.session.expiresAt),
          }),
        );
  const { url, headers } = mcpAccess(deps.origin, session.token);
  writePrivate(file, { ...session, mcp: { url, headers } });
  return session;
}

/** The operator's key: made on the first start, kept in `cli.json` for the CLI on this machine. */
async function operatorKey(deps: FirstStartDeps): Promise<string | undefined> {
  const file = join(deps.dataDir, 'cli.json');
  const kept = readJson(file)?.api_key;
  if (await hadKeys(deps.principals)) {
    if (typeof kept === 'string') writePrivate(file, { origin: deps.origin, api_key: kept });
    return undefined;
  }
  const { secret } = await createKey(deps.principals, {
    name: 'first operator',
    roles: ['operator'],
    by: BY,
  });
  writePrivate(file, { origin: deps.origin, api_key: secret });
  return secret;
}

async function isUsable(deps: FirstStartDeps, enrolUrl: string): Promise<boolean> {
  try {
    await requireInvite(deps.principals, enrolUrl.trim().split('#')[1] ?? '');
    return true;
  } catch (error) {
    if (isCountersignError(error) && error.code === 'unauthenticated') return false;
    throw error;
  }
}

function enrolUrlFile(dataDir: string): string {
  return join(dataDir, 'enrol-url');
}

/** Removes the kept enrol link once somebody has enrolled. What cannot be removed is a spent link, removed at the next start. */
export async function forgetEnrolLink(dataDir: string): Promise<void> {
  await rm(enrolUrlFile(dataDir), { force: true });
}

/** The link for the first person, kept in `enrol-url` as long as it works. */
async function enrolLink(deps: FirstStartDeps): Promise<string | undefined> {
  const file = enrolUrlFile(deps.dataDir);
  const invite = await createBootstrapInvite(deps.principals, {
    name: 'Operator',
    groups: [],
    replace: deps.newEnrolLink,
  });
  if (invite !== undefined) {
    const url = `${deps.origin}${invite.path}`;
    writePrivate(file, `${url}\n`);
    return url;
  }
  if (existsSync(file) && !(await isUsable(deps, readFileSync(file, 'utf8')))) await rm(file);
  return undefined;
}

/**
 * Makes what the first start needs, and finds it again on later ones: the operator's API key and the enrol link are
 * shown once; the starter session is the same until it expires.
 */
export async function prepareCredentials(deps: FirstStartDeps): Promise<Credentials> {
  return {
    apiKey: await operatorKey(deps),
    enrolUrl: await enrolLink(deps),
    session: await starterSession(deps),
  };
}
