import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { sendMail } from '../../src/http/send-mail.ts';
import type { Letter } from '../../src/notifications/channels/ports.ts';
import { type MailSink, startMailSink } from '../support/mail-sink.ts';

async function openSink(login?: { user: string; password: string }): Promise<MailSink> {
  const sink = await startMailSink(login);
  onTestFinished(() => sink.close());
  return sink;
}

const letter = (smtp: string, more: Partial<Letter> = {}): Letter => ({
  smtp,
  allowPlaintext: true,
  from: 'gate@example.com',
  to: ['ada@example.com', 'bob@example.com'],
  messageId: 'evt_1@localhost',
  subject: '[Countersign] high risk: bank/pay waits',
  text: 'In words.',
  html: '<p>In words.</p>',
  date: Date.UTC(2026, 0, 2),
  ...more,
});

const send = (mail: Letter, timeoutMs = 5_000) => sendMail(mail, { timeoutMs });

it('a letter arrives with its receivers, subject, id and both of its texts', async () => {
  const sink = await openSink();
  await send(letter(`smtp://127.0.0.1:${sink.port}`));
  expect(sink.letters).toHaveLength(1);
  const [{ from, to, text } = { from: '', to: [], text: '' }] = sink.letters;
  expect(from).toBe('gate@example.com');
  expect(to).toEqual(['ada@example.com', 'bob@example.com']);
  expect(text).toContain('Subject: [Countersign] high risk: bank/pay waits');
  expect(text).toContain('Message-ID: <evt_1@localhost>');
  expect(text).toContain('Auto-Submitted: auto-generated');
  expect(text).toContain('Fri, 02 Jan 2026');
  expect(text).toMatch(/text\/plain[\s\S]*In words\.[\s\S]*text\/html[\s\S]*<p>In words\.<\/p>/);
});

it('a server without TLS gets nothing unless the operator accepts that', async () => {
  const sink = await openSink();
  const sent = send(letter(`smtp://127.0.0.1:${sink.port}`, { allowPlaintext: false }));
  await expect(sent).rejects.toThrow(/TLS|did not take it/);
  expect(sink.letters).toEqual([]);
});

it('user and password of the address are given, and a refusal names neither', async () => {
  const sink = await openSink({ user: 'gate@x', password: 'p:ss word' });
  const smtp = (password: string): string =>
    `smtp://gate%40x:${encodeURIComponent(password)}@127.0.0.1:${sink.port}`;
  await send(letter(smtp('p:ss word')));
  expect(sink.letters).toHaveLength(1);
  const refused = await send(letter(smtp('canary'))).catch((error: Error) => error.message);
  expect(refused).toBe('the mail server refused the user and password (535)');
});

it('receivers that the server refuses are counted, and are a failure when there is no other', async () => {
  const sink = await openSink();
  const smtp = `smtp://127.0.0.1:${sink.port}`;
  const to = ['ada@example.com', 'refused@example.com'];
  expect(await send(letter(smtp, { to }))).toEqual({ refused: 1 });
  expect(sink.letters.map((one) => one.to)).toEqual([['ada@example.com']]);
  const nobody = send(letter(smtp, { to: ['refused@example.com'] }));
  await expect(nobody).rejects.toThrow('the mail server refused the sender or a receiver');
});

it('a server that is not there or says nothing is a failure in time', async () => {
  const silent = createServer((socket) => {
    onTestFinished(() => void socket.destroy());
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as { port: number };
  await expect(send(letter(`smtp://127.0.0.1:${port}`), 100)).rejects.toThrow('did not answer in time');
  await expect(send(letter('smtp://127.0.0.1:1'))).rejects.toThrow('cannot be reached');
});
