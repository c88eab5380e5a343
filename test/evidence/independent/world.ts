/** What the rules remember; plain data. */
export interface World {
  readonly log: string;
  readonly people: Map<string, any>;
  readonly invites: Map<string, any>;
  readonly credentials: Set<string>;
  enrolments: number;
  readonly accounts: Map<string, any>;
  readonly tokenKeys: Map<string, any>;
  readonly sessions: Map<string, { ends: number; maker: string | undefined }>;
  /** Of API keys: `person:…`, `gateway:…`, or undefined where the log does not tell. */
  readonly makers: Map<string, string | undefined>;
  readonly approvals: Map<string, any>;
  readonly nonces: Set<string>;
  /** The approval whose exchange must be the next entry. */
  due: string | undefined;
  dispatches: number;
}

export function newWorld(log: string): World {
  return {
    log,
    people: new Map(),
    invites: new Map(),
    credentials: new Set(),
    enrolments: 0,
    accounts: new Map(),
    tokenKeys: new Map(),
    sessions: new Map(),
    makers: new Map(),
    approvals: new Map(),
    nonces: new Set(),
    due: undefined,
    dispatches: 0,
  };
}
