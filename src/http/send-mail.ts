import { CountersignError } from '../core/errors.ts';
import type { Letter } from '../notifications/channels/ports.ts';

/** What nodemailer calls a failure, in words that hold no address, user or password. */
const FAILURES: Readonly<Record<string, string>> = {
  EAUTH: 'the mail server refused the user and password',
  ENOAUTH: 'the mail server wants a user and password',
  ETLS: 'the mail server offers no TLS that can be trusted',
  ESOCKET: 'the mail server cannot be reached',
  ECONNECTION: 'the mail server cannot be reached',
  EDNS: 'the mail server cannot be found',
  ETIMEDOUT: 'the mail server did not answer in time',
  EENVELOPE: 'the mail server refused the sender or a receiver',
  EMESSAGE: 'the mail server refused the message',
};

function failure(error: unknown): CountersignError {
  const { code = '', responseCode } = error as { code?: string; responseCode?: number };
  const words = FAILURES[code] ?? 'the mail server did not take it';
  const status = typeof responseCode === 'number' ? ` (${responseCode})` : '';
  return new CountersignError('invalid_request', `${words}${status}`, { cause: error });
}

/**
 * Hands a letter to its server, over a connection of its own, and gives how many receivers it refused. Throws
 * `invalid_request` when it takes it for nobody.
 */
export async function sendMail(
  letter: Letter,
  { timeoutMs }: { timeoutMs: number },
): Promise<{ refused: number }> {
  const { createTransport } = await import('nodemailer');
  const { smtp, allowPlaintext, date, ...content } = letter;
  const url = new URL(smtp);
  const secure = url.protocol === 'smtps:';
  const user = decodeURIComponent(url.username);
  const transport = createTransport({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (secure ? 465 : 587)),
    secure,
    requireTLS: !secure && !allowPlaintext,
    ...(user === '' ? {} : { auth: { user, pass: decodeURIComponent(url.password) } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    const { rejected } = await transport.sendMail({
      ...content,
      to: [...letter.to],
      messageId: `<${letter.messageId}>`,
      date: new Date(date),
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
    return { refused: rejected.length };
  } catch (error) {
    throw failure(error);
  } finally {
    transport.close();
  }
}
