/** Someone who may decide. Times are epoch milliseconds. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
  /** The subject of the sessions whose agents act for this person, so that nobody approves their own. */
  readonly subject: string | undefined;
  readonly createdAt: number;
  readonly removedAt: number | undefined;
}

/** A WebAuthn credential of a person. `publicKey` is the COSE key, base64url, as are ids. */
export interface Passkey {
  readonly id: string;
  readonly personId: string;
  readonly credentialId: string;
  readonly publicKey: string;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly aaguid: string;
  readonly deviceType: string;
  readonly backedUp: boolean;
  /** Format of the attestation statement that its enrolment showed, `none` when it showed nothing. */
  readonly attestation: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
  /** When a valid signature came with a counter that went back: somebody may have copied the key. */
  readonly suspectAt: number | undefined;
}

export interface PersonWithPasskeys extends Person {
  readonly passkeys: readonly Passkey[];
}
