import { expect, it, onTestFinished } from 'vitest';
import { look } from '../dashboard/support/look.ts';
import { openStage, type Stage, useBrowser } from '../dashboard/support/stage.ts';
import type { Visit } from '../dashboard/support/visit.ts';
import { oauthAgent } from '../support/oauth-agent.ts';
import {
  type Callback,
  memoryProvider,
  openCallback,
  type SdkLine,
  V1,
  V2,
} from '../support/oauth-provider.ts';

const chromium = useBrowser();

async function openBack(): Promise<Callback> {
  const back = await openCallback();
  onTestFinished(() => back.close());
  return back;
}

/** The application is another origin, and going there is all that the page may do beyond its own. */
function forgive(visit: Visit, back: Callback): void {
  const { origin } = new URL(back.url);
  const others = visit.faults.filter((fault) => !fault.startsWith(`request: ${origin}/`));
  visit.faults.splice(0, visit.faults.length, ...others);
}

async function firstRequest(stage: Stage, redirectUrl: string): Promise<string> {
  const agent = oauthAgent(stage.gateway.app.origin);
  const { body } = await agent.register({ redirect_uris: [redirectUrl] });
  return `/authorize?${agent.query(body.client_id, { redirect_uri: redirectUrl })}`;
}

it.each<SdkLine>([V1, V2])(
  'an SDK client ($name) connects by the plain address alone, with what a person lets it have',
  async (sdk) => {
    const stage = await openStage(chromium.browser);
    const visit = await stage.enrolFirst();
    const { page } = visit;
    const back = await openBack();
    const url = `${stage.gateway.app.origin}/mcp`;
    const { provider, kept, sentTo } = memoryProvider(back.url);
    await expect(sdk.connect(url, provider)).rejects.toThrow(/Unauthorized/i);

    await page.goto(String(sentTo()));
    await visit.heading('Let this application use your tools?');
    await page.getByText('SDK agent').waitFor();
    const allow = page.getByRole('button', { name: 'Allow' });
    expect(await allow.isDisabled()).toBe(true);
    await page.getByText('Single tools of oracle').click();
    await page.getByLabel('echo', { exact: true }).check();
    await page.getByLabel('For how long').selectOption('8 hours');
    await allow.click();
    await page.getByRole('heading', { name: 'You are back in the application' }).waitFor();
    forgive(visit, back);
    const redirect = await back.arrived;
    expect(redirect.searchParams.get('state')).toBe('state-of-the-application');
    expect(redirect.searchParams.get('iss')).toBe(stage.gateway.app.origin);

    await sdk.finish(url, provider, redirect);
    const client = await sdk.connect(url, provider);
    expect((await client.callTool({ name: 'echo', arguments: { text: 'hello' } })).isError).not.toBe(true);
    await expect(client.callTool({ name: 'pay', arguments: { amount_cents: 1, to: 'x' } })).rejects.toThrow();
    await client.close();

    const first = kept.get('tokens');
    kept.set('tokens', { ...first, access_token: `cso_${'A'.repeat(43)}` });
    const refreshed = await sdk.connect(url, provider);
    expect((await refreshed.callTool({ name: 'echo', arguments: {} })).isError).not.toBe(true);
    expect(kept.get('tokens').refresh_token).not.toBe(first.refresh_token);
    await refreshed.close();
    const { data } = (await stage.gateway.api('GET', '/v1/sessions?limit=1')).body;
    expect(data[0]).toMatchObject({ tools: ['oracle/echo'], labels: { client: new URL(back.url).host } });
  },
  60_000,
);

it('who is not signed in signs in first and then sees the same request; saying no is told to the application', async () => {
  const stage = await openStage(chromium.browser);
  const visit = await stage.enrolFirst();
  const { page } = visit;
  await page.getByRole('button', { name: 'Sign out' }).click();
  const back = await openBack();
  await visit.goto(await firstRequest(stage, back.url));
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await visit.heading('Let this application use your tools?');
  await page.getByRole('button', { name: 'Refuse' }).click();
  const { searchParams } = await back.arrived;
  expect(Object.fromEntries(searchParams)).toMatchObject({ error: 'access_denied', state: 's t a t e' });
  await page.getByRole('heading', { name: 'You are back in the application' }).waitFor();
  forgive(visit, back);
  const { data } = (await stage.gateway.api('GET', '/v1/sessions')).body;
  expect(data).toHaveLength(1);
});

it('a request to a place that the application has not named goes nowhere, and one that is no good only when asked to', async () => {
  const stage = await openStage(chromium.browser);
  const visit = await stage.enrolFirst();
  const { page } = visit;
  const back = await openBack();
  const path = await firstRequest(stage, back.url);
  await visit.goto(path.replace(encodeURIComponent('/callback'), encodeURIComponent('/elsewhere')));
  await visit.heading('This application cannot be connected');
  await page.getByText('redirect_uri: expected exactly one').waitFor();
  expect(await page.getByRole('button', { name: /Allow|Tell/ }).count()).toBe(0);

  await visit.goto(path.replace('S256', 'plain'));
  await visit.heading('It asked in a way that is not accepted');
  expect(new URL(page.url()).origin).toBe(stage.gateway.app.origin);
  await page.getByRole('button', { name: 'Tell the application' }).click();
  const { searchParams } = await back.arrived;
  expect(searchParams.get('error')).toBe('invalid_request');
  await page.getByRole('heading', { name: 'You are back in the application' }).waitFor();
  forgive(visit, back);
});

it('the page cannot be framed, shows hostile words as text, and is accessible on desktop and phone', async () => {
  const stage = await openStage(chromium.browser);
  const visit = await stage.enrolFirst();
  const { page } = visit;
  const agent = oauthAgent(stage.gateway.app.origin);
  const name = '<img src=x onerror=alert(1)> \u202Egnp.yap';
  const redirect = `https://app.example/${'long-'.repeat(40)}`;
  const { body } = await agent.register({
    client_name: name,
    redirect_uris: [redirect],
    client_uri: `https://app.example/${'x'.repeat(200)}`,
  });
  await visit.goto(`/authorize?${agent.query(body.client_id, { redirect_uri: redirect })}`);
  await visit.heading('Let this application use your tools?');
  await page.getByText('⟦U+202E⟧').waitFor();
  expect(await page.locator('img').count()).toBe(0);
  await look(visit, '20-connect');
  await page.getByText('Single tools of oracle').click();
  await page.getByLabel('Labels').fill('not a label');
  await page.getByLabel('echo', { exact: true }).check();
  await page.getByRole('button', { name: 'Allow' }).click();
  await visit.heading('Nothing was connected');
  await page.getByText('Labels are written as name=value').waitFor();
  await look(visit, '21-connect-chosen');
  const response = await page.request.get(`${stage.gateway.app.origin}/authorize?x=1`);
  expect(response.headers()['content-security-policy']).toContain("frame-ancestors 'none'");
}, 60_000);
