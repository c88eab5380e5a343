import type { CheckedConnection } from '../../../sdk/connections.ts';
import type { PickedScope } from '../model/connection.ts';
import { TextOf } from './text-of.tsx';

interface ScopePickerProps {
  readonly servers: Extract<CheckedConnection, { kind: 'ask' }>['servers'];
  readonly picked: PickedScope;
  readonly pick: (next: PickedScope) => void;
}

function toggled(set: ReadonlySet<string>, member: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(member)) next.add(member);
  return next;
}

/** Whole servers, single tools, or patterns; nothing is picked to begin with. */
export function ScopePicker({ servers, picked, pick }: ScopePickerProps) {
  return (
    <fieldset class="scope">
      <legend>What it may use</legend>
      <label class="choice">
        <input
          type="checkbox"
          checked={picked.everything}
          onChange={() => pick({ ...picked, everything: !picked.everything })}
        />{' '}
        Everything, also what is added later
      </label>
      {!picked.everything &&
        servers.map(({ server, tools }) => (
          <div key={server} class="server">
            <label class="choice">
              <input
                type="checkbox"
                checked={picked.servers.has(server)}
                onChange={() => pick({ ...picked, servers: toggled(picked.servers, server) })}
              />{' '}
              All of <TextOf text={server} />
            </label>
            {!picked.servers.has(server) && (
              <details>
                <summary>
                  Single tools of <TextOf text={server} /> ({tools.length})
                </summary>
                <ul>
                  {tools.map((tool) => (
                    <li key={tool}>
                      <label class="choice">
                        <input
                          type="checkbox"
                          checked={picked.tools.has(`${server}/${tool}`)}
                          onChange={() =>
                            pick({ ...picked, tools: toggled(picked.tools, `${server}/${tool}`) })
                          }
                        />{' '}
                        <TextOf text={tool} />
                      </label>
                    </li>
                  ))}
                </ul>
              </details>
            )}
          </div>
        ))}
      <label>
        Patterns <span class="fine">(such as payments/read_* or !payments/refund, separated by spaces)</span>
        <input
          autocomplete="off"
          spellcheck={false}
          value={picked.patterns}
          onInput={(event) => pick({ ...picked, patterns: event.currentTarget.value })}
        />
      </label>
    </fieldset>
  );
}
