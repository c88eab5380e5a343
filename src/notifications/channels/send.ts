import { type Attempt, attemptPost, settled } from '../deliveries/attempt.ts';
import type { CarriedChannel } from './channel.ts';
import { renderDiscord } from './discord.ts';
import { renderEmail } from './email.ts';
import type { Message } from './message.ts';
import { renderNtfy } from './ntfy.ts';
import type { Carriers, WebRequest } from './ports.ts';
import { renderSlack } from './slack.ts';

function requestOf(
  target: Exclude<CarriedChannel['target'], { kind: 'email' }>,
  message: Message,
): WebRequest {
  switch (target.kind) {
    case 'ntfy':
      return renderNtfy(target, message);
    case 'slack':
      return renderSlack(target, message);
    case 'discord':
      return renderDiscord(target, message);
  }
}

async function carry(
  { post, mail }: Carriers,
  { target }: CarriedChannel,
  message: Message,
): Promise<Attempt> {
  if (target.kind === 'email') {
    const { refused } = await mail(renderEmail(target, message));
    // Another attempt would reach the others once more, and this one no better.
    const error = refused === 0 ? undefined : `refused for ${refused} of ${target.to.length} receivers`;
    return { outcome: 'delivered', status: undefined, error };
  }
  const { url, headers, body } = requestOf(target, message);
  return attemptPost(post, {
    url,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** Sends one message. Never rejects: whatever goes wrong is the attempt's outcome, in words without secrets. */
export function sendMessage(carriers: Carriers, channel: CarriedChannel, message: Message): Promise<Attempt> {
  return settled(() => carry(carriers, channel, message));
}
