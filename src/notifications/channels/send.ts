import { isCountersignError } from '../../core/errors.ts';
import type { Attempt } from '../deliveries/attempt.ts';
import { answerProblem, readAnswer } from '../deliveries/delivery.ts';
import type { Channel } from './channel.ts';
import { renderDiscord } from './discord.ts';
import { renderEmail } from './email.ts';
import type { Message } from './message.ts';
import { renderNtfy } from './ntfy.ts';
import type { Carriers, WebRequest } from './ports.ts';
import { renderSlack } from './slack.ts';

function requestOf(target: Exclude<Channel['target'], { kind: 'email' }>, message: Message): WebRequest {
  switch (target.kind) {
    case 'ntfy':
      return renderNtfy(target, message);
    case 'slack':
      return renderSlack(target, message);
    case 'discord':
      return renderDiscord(target, message);
  }
}

async function carry({ post, mail }: Carriers, { target }: Channel, message: Message): Promise<Attempt> {
  if (target.kind === 'email') {
    const { refused } = await mail(renderEmail(target, message));
    // Another attempt would reach the others once more, and this one no better.
    const error = refused === 0 ? undefined : `refused for ${refused} of ${target.to.length} receivers`;
    return { outcome: 'delivered', status: undefined, error };
  }
  const { url, headers, body } = requestOf(target, message);
  const { status } = await post({
    url,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const outcome = readAnswer(status);
  return { outcome, status, error: outcome === 'delivered' ? undefined : answerProblem(status) };
}

/** Sends one message. Never rejects: whatever goes wrong is the attempt's outcome, in words without secrets. */
export async function sendMessage(carriers: Carriers, channel: Channel, message: Message): Promise<Attempt> {
  try {
    return await carry(carriers, channel, message);
  } catch (error) {
    const known = isCountersignError(error) ? error.message.replace(/^url: /, '') : 'it cannot be sent';
    return { outcome: 'failed', status: undefined, error: known };
  }
}
