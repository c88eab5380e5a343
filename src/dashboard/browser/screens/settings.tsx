import { useEffect } from 'preact/hooks';
import { systemClock } from '../../../core/clock.ts';
import type { PolicySet } from '../../../sdk/policies.ts';
import { type Loaded, useLoaded } from '../load.ts';
import { Fact } from '../parts/fleet/session-facts.tsx';
import { Notice } from '../parts/notice.tsx';
import { ChannelsCard } from '../parts/settings/channels-card.tsx';
import { GatewayCard, StandingCard, WitnessesCard } from '../parts/settings/gateway-cards.tsx';
import { InstallCard } from '../parts/settings/install-card.tsx';
import { NotificationsCard } from '../parts/settings/notifications-card.tsx';
import { PreferencesCard } from '../parts/settings/preferences-card.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { TextOf } from '../parts/text-of.tsx';
import type { ScreenProps } from '../shell.ts';

const PATIENCE_MS = 120_000;

function PoliciesCard({ policies }: { policies: Loaded<PolicySet> }) {
  const found = policies.value.value;
  const shadows = found?.rules.filter(({ shadow }) => shadow).length ?? 0;
  return (
    <section class="card facts" aria-labelledby="policies">
      <h2 id="policies">Policies</h2>
      {policies.problem.value !== undefined && (
        <Notice kind="error" title="The policy could not be loaded" retry={policies.again}>
          <p>{policies.problem.value}</p>
        </Notice>
      )}
      {found === undefined && policies.problem.value === undefined && <Skeleton rows={1} />}
      {found !== undefined && (
        <dl>
          <Fact name="Files">
            {found.files.length === 0 && 'none: the built-in defaults hold'}
            {found.files.map(({ name }, index) => (
              <span key={name}>
                {index > 0 && ', '}
                <code>
                  <TextOf text={name} />
                </code>
              </span>
            ))}
          </Fact>
          <Fact name="Rules">
            {found.rules.length}
            {shadows > 0 && `, of which ${shadows} only watch`}
          </Fact>
          <Fact name="Version">
            <code>
              <TextOf text={found.version} />
            </code>
          </Fact>
        </dl>
      )}
      <p class="fine">
        The files are in the folder that <code>policies</code> in the configuration names; a change is in
        force as soon as it is saved. <a href="/policies">See the rules</a>.
      </p>
    </section>
  );
}

function MoreCard() {
  return (
    <section class="card" aria-labelledby="more">
      <h2 id="more">More</h2>
      <ul>
        <li>
          <a href="/webhooks">Webhooks</a> tell your own programs what happens here.
        </li>
        <li>
          {/* The other pages of this address are not screens of this one. */}
          <a href="/docs" target="_blank" rel="noopener">
            The REST API
          </a>
          , route by route, and its{' '}
          <a href="/v1/openapi.json" target="_blank" rel="noopener">
            OpenAPI document
          </a>
          .
        </li>
        <li>
          <a href="/llms.txt" target="_blank" rel="noopener">
            What an agent should know
          </a>{' '}
          before it works with this gateway.
        </li>
      </ul>
    </section>
  );
}

/** Which gateway this is and how it stands, and how this browser shows it. */
export function Settings({ shell, me }: ScreenProps) {
  const { client } = shell.api;
  const report = useLoaded(shell, 'report', async () => {
    // Each server is asked for its tools first.
    const diagnostics = await client.diagnose({ timeoutMs: PATIENCE_MS });
    return { diagnostics, here: systemClock() };
  });
  const witnesses = useLoaded(shell, 'witnesses', () => client.witnesses.list());
  const policies = useLoaded(shell, 'policies', () => client.policies.get());
  useEffect(() => {
    document.title = 'Settings · Countersign';
  }, [shell]);
  const now = shell.now.value;
  return (
    <>
      <h1>Settings</h1>
      <GatewayCard report={report} now={now} />
      <StandingCard report={report} />
      <WitnessesCard witnesses={witnesses} size={report.value.value?.diagnostics.ledger.size} now={now} />
      <PoliciesCard policies={policies} />
      <ChannelsCard shell={shell} />
      <NotificationsCard shell={shell} me={me} />
      <InstallCard shell={shell} />
      <PreferencesCard shell={shell} />
      <MoreCard />
    </>
  );
}
