import type { ApiKey } from '../../../../sdk/keys.ts';
import { Badge } from '../fleet/badge.tsx';
import { Moment } from '../fleet/moment.tsx';
import { TextOf } from '../text-of.tsx';

interface KeyRowProps {
  readonly apiKey: ApiKey;
  /** Who made it, in words. */
  readonly maker: string;
  readonly now: number;
  readonly revoke: () => void;
}

/** One API key: what tells it apart, what it may, and who made it. */
export function KeyRow({ apiKey, maker, now, revoke }: KeyRowProps) {
  const { id, name, roles, hint, createdAt, revokedAt } = apiKey;
  return (
    <li class={`key-row ${revokedAt === null ? '' : 'ended'}`}>
      <div class="about">
        <span class="first">
          <Badge
            state={revokedAt === null ? 'active' : 'revoked'}
            words={revokedAt === null ? 'in force' : 'revoked'}
          />{' '}
          <strong>
            <TextOf text={name} />
          </strong>{' '}
          {roles.map((role) => (
            <span key={role} class="label">
              {role}
            </span>
          ))}
        </span>
        <span class="meta">
          <span>
            <code>cs_…{hint}</code>
          </span>
          <code>{id}</code>
          <span>
            made <Moment at={createdAt} now={now} /> by <TextOf text={maker} />
          </span>
          {revokedAt !== null && (
            <span>
              revoked <Moment at={revokedAt} now={now} />
            </span>
          )}
        </span>
      </div>
      {revokedAt === null && (
        <button type="button" class="quiet" onClick={revoke}>
          Revoke… <span class="visually-hidden">{name}</span>
        </button>
      )}
    </li>
  );
}
