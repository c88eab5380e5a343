import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** A letter as the mail server got it. */
export interface SunkLetter {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
}

/** A mail server on loopback that keeps what it is sent. */
export interface MailSink {
  readonly port: number;
  readonly letters: SunkLetter[];
  close(): Promise<void>;
}

/** Refuses receivers whose address begins with `refused`. With a `user`, it wants that user and its password. */
export async function startMailSink(
  login: { readonly user: string; readonly password: string } | undefined = undefined,
): Promise<MailSink> {
  const letters: SunkLetter[] = [];
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', ...(login === undefined ? ['AUTH'] : [])],
    allowInsecureAuth: true,
    authOptional: login === undefined,
    onAuth: ({ username, password }, _session, done) =>
      username === login?.user && password === login?.password
        ? done(null, { user: username })
        : done(new Error('no')),
    onRcptTo: ({ address }, _session, done) =>
      address.startsWith('refused') ? done(new Error('no such mailbox')) : done(),
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        letters.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString('utf8'),
        });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return {
    port: (server.server.address() as AddressInfo).port,
    letters,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
