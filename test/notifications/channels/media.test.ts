import { describe, expect, it } from 'vitest';
import type { CarriedChannel, WaitingCall } from '../../../src/notifications/channels/channel.ts';
import { composeMessage, type Message, testMessage } from '../../../src/notifications/channels/message.ts';
import type { Letter } from '../../../src/notifications/channels/ports.ts';
import { sendMessage } from '../../../src/notifications/channels/send.ts';
import { forHtml, forMarkdown, forSlack, inert } from '../../../src/notifications/channels/text.ts';
import { channelOf, ORIGIN } from './loft.ts';

/** What an agent may write to look like somebody else, to call people, or to lead them away. */
const HOSTILE = [
  'https://evil.example/approve',
  'www.evil.example',
  'mailto:a@evil.example',
  '<!channel> <@U123> <!subteam^S1>',
  '@everyone @here <@&1>',
  '<https://evil.example|Approve>',
  '[Approve](https://evil.example)',
  '<a href="https://evil.example">Approve</a><img src=x onerror=alert(1)>',
  '**approved** `x` ||y|| ~~z~~ # h > q',
  'line\r\nBcc: everyone@evil.example',
  'a\u202Eb\u200B\u{E0041}\u001b[31m',
  '&lt;b&gt;',
];

function messageOf(text: string): Message {
  const call: WaitingCall = {
    id: 'apr_1',
    what: text,
    pattern: 'bank/pay',
    risk: 'high',
    agent: text,
    source: 'ann',
    effect: text,
    groups: [],
    requestedAt: 0,
    expiresAt: 1_800_000_000_000,
  };
  const plan = { cause: 'requested', note: '', approvals: ['apr_1'], more: 0 } as const;
  const message = composeMessage(plan, {
    id: 'evt_1',
    origin: ORIGIN,
    calls: [call],
    denyLink: (approval) => `${ORIGIN}/approvals/${approval}?deny=sig`,
    now: 1_700_000_000_000,
  });
  return message as Message;
}

type CarriedTarget = CarriedChannel['target'];

const priority = { low: 1, medium: 2, high: 4, critical: 5 };
const TARGETS: readonly CarriedTarget[] = [
  { kind: 'ntfy', url: 'https://ntfy.example/', topic: 'ops', token: 'tk_1', priority },
  { kind: 'slack', url: 'https://hooks.slack.example/x' },
  { kind: 'discord', url: 'https://discord.example/x' },
];

async function sentOf(target: CarriedTarget, message: Message) {
  const channel = channelOf({ target });
  const posts: { url: string; headers: Readonly<Record<string, string>>; body: string }[] = [];
  const letters: Letter[] = [];
  const attempt = await sendMessage(
    {
      post: async (request) => {
        posts.push({ ...request, body: String(request.body) });
        return { status: 200 };
      },
      mail: async (letter) => {
        letters.push(letter);
        return { refused: 0 };
      },
    },
    channel,
    message,
  );
  expect(attempt.outcome).toBe('delivered');
  return { posts, letters };
}

const EMAIL: CarriedTarget = {
  kind: 'email',
  smtp: 'smtps://smtp.example',
  from: 'gate@example.com',
  to: ['ada@example.com'],
  allowPlaintext: false,
};

describe.each(HOSTILE)('what an agent wrote, %j', (text) => {
  it('holds no address, break or hidden character once it is inert', () => {
    const shown = inert(text, 500);
    expect(shown).toMatch(/^(?:[\x20-\x7e]|⟦U\+[0-9A-F]{4,6}⟧)*$/u);
    expect(shown).not.toMatch(/:\/\/|\w\.[a-z]/i);
    expect(shown).not.toMatch(/\b(?:mailto|javascript):/i);
  });

  it('is in a letter neither a header nor markup nor a link', async () => {
    const [letter] = (await sentOf(EMAIL, messageOf(text))).letters;
    expect(letter?.subject).not.toMatch(/[\r\n]/);
    const html = letter?.html ?? '';
    const hrefs = [...html.matchAll(/href="([^"]*)"/g)].map((match) => match[1]);
    expect(hrefs.every((href) => href?.startsWith(`${ORIGIN}/`))).toBe(true);
    const tags = [...html.matchAll(/<\/?([a-z0-9]+)/gi)].map((match) => match[1]);
    expect(new Set(tags)).toEqual(new Set(['meta', 'h3', 'p', 'b', 'br', 'code', 'a', 'small']));
    expect(letter?.text).not.toMatch(/evil\.example|:\/\/(?!localhost)/);
  });

  it('calls nobody and leads nowhere in Slack', async () => {
    const [post] = (await sentOf(TARGETS[1] as CarriedTarget, messageOf(text))).posts;
    const body = JSON.parse(post?.body ?? '');
    const blocks: any[] = body.blocks.map((block: any) => block.text);
    for (const one of blocks.filter(({ type }) => type === 'plain_text'))
      expect(one.text).not.toMatch(/[<>]/);
    for (const one of blocks.filter(({ type }) => type === 'mrkdwn')) {
      expect(one.verbatim).toBe(true);
      expect(one.text).toMatch(/^(?:<http:\/\/localhost:4400\/[^|>]*\|[A-Za-z…]+>\s*)+$/);
    }
    expect(body.text).not.toMatch(/[<>]/);
    expect(body).toMatchObject({ mrkdwn: false, unfurl_links: false, unfurl_media: false });
  });

  it('calls nobody and leads nowhere in Discord', async () => {
    const [post] = (await sentOf(TARGETS[2] as CarriedTarget, messageOf(text))).posts;
    const body = JSON.parse(post?.body ?? '');
    expect(body.allowed_mentions).toEqual({ parse: [] });
    expect(body.content).toBeUndefined();
    const [embed] = body.embeds;
    const own = /\[(?:Open|Deny…)\]\(<http:\/\/localhost:4400\/[^>]*>\)/g;
    const rest = `${embed.title}${embed.description.replaceAll(own, '')}`;
    expect(rest.replaceAll(/\\./g, '')).not.toMatch(/[`*_~|#<@[\]()\\]/);
  });

  it('stands in no header of ntfy and is no link there', async () => {
    const [post] = (await sentOf(TARGETS[0] as CarriedTarget, messageOf(text))).posts;
    expect(post?.headers).toEqual({ authorization: 'Bearer tk_1', 'content-type': 'application/json' });
    const { title, message, markdown, click, actions } = JSON.parse(post?.body ?? '');
    expect(`${title}${message}`).not.toMatch(/:\/\//);
    expect(markdown).toBeUndefined();
    const urls = [click, ...actions.map((one: any) => one.url)];
    expect(urls.every((url: string) => url.startsWith(`${ORIGIN}/approvals/apr_1`))).toBe(true);
  });
});

it('a long text is cut to what fits, and says so', () => {
  expect(inert('x'.repeat(200), 100)).toBe(`${'x'.repeat(97)}...`);
});

it('a message of the most calls that are listed fits into every medium', async () => {
  const call = (index: number): WaitingCall => ({
    id: `apr_${'x'.repeat(22)}${index}`,
    what: '*'.repeat(300),
    pattern: 'a/b',
    risk: 'critical',
    agent: '*'.repeat(300),
    source: 'ann',
    effect: '*'.repeat(900),
    groups: [],
    requestedAt: index,
    expiresAt: 0,
  });
  const calls = Array.from({ length: 8 }, (_, index) => call(index));
  const plan = { cause: 'requested', note: '', approvals: calls.map(({ id }) => id), more: 9 } as const;
  const origin = `https://${'countersign.'.repeat(6)}example.com`;
  const denyLink = (id: string): string => `${origin}/approvals/${id}?deny=${'s'.repeat(43)}`;
  const message = composeMessage(plan, { id: 'evt_1', origin, calls, denyLink, now: 0 }) as Message;
  const [discord] = (await sentOf(TARGETS[2] as CarriedTarget, message)).posts;
  const [embed] = JSON.parse(discord?.body ?? '').embeds;
  expect(embed.description.length).toBeLessThanOrEqual(4_096);
  expect(embed.description).toMatch(/\n\nand 1[0-9] more in the inbox$/);
  expect(embed.title.length).toBeLessThanOrEqual(256);
  const [ntfy] = (await sentOf(TARGETS[0] as CarriedTarget, message)).posts;
  expect(Buffer.byteLength(JSON.parse(ntfy?.body ?? '').message)).toBeLessThanOrEqual(4_096);
  const [slack] = (await sentOf(TARGETS[1] as CarriedTarget, message)).posts;
  const { blocks } = JSON.parse(slack?.body ?? '');
  expect(blocks.length).toBeLessThanOrEqual(50);
  for (const block of blocks) expect(block.text.text.length).toBeLessThanOrEqual(3_000);
});

it('the escapes of each medium stand for the characters themselves', () => {
  expect(forHtml(`<a href="x">'&`)).toBe('&lt;a href=&quot;x&quot;&gt;&#39;&amp;');
  expect(forSlack('<!here> & >')).toBe('&lt;!here&gt; &amp; &gt;');
  expect(forMarkdown('*a* @b [c](d)')).toBe('\\*a\\* \\@b \\[c\\]\\(d\\)');
});

it('a test message tells of nothing and links to the inbox alone', async () => {
  const message = testMessage({ id: 'evt_1', origin: ORIGIN, title: 'Test of the channel ops', now: 0 });
  const [post] = (await sentOf(TARGETS[0] as CarriedTarget, message)).posts;
  const body = JSON.parse(post?.body ?? '');
  expect(body).toMatchObject({ title: 'Test of the channel ops', priority: 1, click: `${ORIGIN}/` });
  expect(body.actions).toHaveLength(1);
});
