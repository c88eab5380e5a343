import { readFile, rename, writeFile } from 'node:fs/promises';
import { CountersignError, errorText } from '../core/errors.ts';

/** A credential of Chromium's virtual authenticator (Chrome DevTools Protocol, `WebAuthn.Credential`), key included. */
export interface DemoPasskey {
  readonly credentialId: string;
  readonly isResidentCredential: boolean;
  readonly rpId?: string;
  /** PKCS#8 in base64. */
  readonly privateKey: string;
  readonly userHandle?: string;
  readonly signCount: number;
}

/** The demo authenticator's passkey of an earlier run, if any. Throws `config_invalid` when the file is damaged. */
export async function readDemoPasskey(file: string): Promise<DemoPasskey | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as DemoPasskey;
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'ENOENT') return undefined;
    const message = `${file} cannot be read (${errorText(cause)}). Remove it and enrol anew with a fresh link: countersign up --new-enrol-link`;
    throw new CountersignError('config_invalid', message, { cause });
  }
}

/** Keeps the passkey for the next run, readable by its owner alone; replaces the file whole. */
export async function writeDemoPasskey(file: string, passkey: DemoPasskey): Promise<void> {
  const next = `${file}.next`;
  await writeFile(next, `${JSON.stringify(passkey)}\n`, { mode: 0o600 });
  await rename(next, file);
}
