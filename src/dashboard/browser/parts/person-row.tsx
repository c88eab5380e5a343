import type { Approver, Passkey } from '../../../sdk/approvers.ts';
import { Exact } from './exact.tsx';
import { TextOf } from './text-of.tsx';

function kindOf(passkey: Passkey): string {
  const kind = passkey.deviceType === 'singleDevice' ? 'stays on its device' : 'may be copied by its maker';
  return passkey.attestation === 'none' ? kind : `${kind}, attestation ${passkey.attestation}`;
}

function PasskeyRow({ passkey, remove }: { passkey: Passkey; remove: (() => void) | undefined }) {
  const { lastUsedAt, suspectAt } = passkey;
  return (
    <li class="passkey">
      <div class="about">
        <p class="fine">
          Passkey <code>{passkey.id}</code> · {kindOf(passkey)} · since <Exact at={passkey.createdAt} />
          {lastUsedAt !== null && (
            <>
              {' '}
              · used <Exact at={lastUsedAt} />
            </>
          )}
        </p>
        {suspectAt !== null && (
          <p class="suspect">
            Its counter went back (<Exact at={suspectAt} />
            ): somebody may have copied it. Add another passkey and remove this one; where it signs nothing
            any more, remove the person and invite them anew.
          </p>
        )}
      </div>
      {remove !== undefined && (
        <button type="button" class="quiet" onClick={remove}>
          Remove <span class="visually-hidden">passkey {passkey.id}</span>
        </button>
      )}
    </li>
  );
}

interface PersonRowProps {
  readonly person: Approver;
  readonly isMe: boolean;
  readonly remove: () => void;
  readonly removePasskey: (passkey: Passkey) => void;
  readonly addPasskey: () => void;
}

/** A person with their passkeys. */
export function PersonRow({ person, isMe, remove, removePasskey, addPasskey }: PersonRowProps) {
  const { passkeys } = person;
  return (
    <li class="person">
      <div class="about">
        <strong>
          <TextOf text={person.name} />
        </strong>
        {isMe && ' (you)'}
        <p class="fine">
          {person.groups.length > 0 ? `Groups: ${person.groups.join(', ')}` : 'No groups'} · {passkeys.length}{' '}
          {passkeys.length === 1 ? 'passkey' : 'passkeys'} · since <Exact at={person.createdAt} />
          {person.subject !== null && (
            <>
              {' · agents of user '}
              <TextOf text={person.subject} />
            </>
          )}
        </p>
      </div>
      {isMe ? (
        <button type="button" class="quiet" onClick={addPasskey}>
          Add a passkey
        </button>
      ) : (
        <button type="button" class="quiet" onClick={remove}>
          Remove <span class="visually-hidden">{person.name}</span>
        </button>
      )}
      <ul class="passkeys" aria-label={`Passkeys of ${person.name}`}>
        {passkeys.map((passkey) => (
          <PasskeyRow
            key={passkey.id}
            passkey={passkey}
            remove={passkeys.length > 1 ? () => removePasskey(passkey) : undefined}
          />
        ))}
      </ul>
    </li>
  );
}
